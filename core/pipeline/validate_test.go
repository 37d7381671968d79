package pipeline_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

var (
	cut    = string(core.CodePageCut)
	broken = string(core.CodePageFailed)
)

// parsed numbers pages from 1. "-" is a failed page, "<" a cut one.
func parsed(texts ...string) []core.Page {
	list := make([]core.Page, len(texts))
	for i, text := range texts {
		list[i] = core.Page{Number: i + 1, Text: text}
		switch text {
		case "-":
			list[i] = core.Page{Number: i + 1, Failed: broken}
		case "<":
			list[i] = core.Page{Number: i + 1, Failed: cut}
		}
	}
	return list
}

// validate balances the pages of a file of expected pages.
func validate(t *testing.T, list []core.Page, expected int, share float64) (core.Receipt, error) {
	t.Helper()
	made, err := pipeline.Validating{Text: pages{list: list}, Policy: core.PagePolicy{MaxFailedShare: share}}.
		Make(t.Context(), document("x", expected))
	if err != nil {
		wantNothing(t, made)
		return core.Receipt{}, err
	}
	return made.(core.Checked).Receipt, nil
}

func TestL011_TheReceiptCountsEveryPageOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		list     []core.Page
		expected int
		want     core.Receipt
	}{
		"all parsed":            {parsed("a", "b"), 2, core.Receipt{Expected: 2, Parsed: 2}},
		"blank and failed":      {parsed("a", " \n\t", "-", "b"), 4, core.Receipt{Expected: 4, Parsed: 2, Blank: []int{2}, Failed: []int{3}}},
		"cut is failed too":     {parsed("a", "<", "b"), 3, core.Receipt{Expected: 3, Parsed: 2, Failed: []int{2}, Cut: []int{2}}},
		"pages missing behind":  {parsed("a", "b"), 4, core.Receipt{Expected: 4, Parsed: 2, Failed: []int{3, 4}}},
		"no count of the file":  {parsed("a", "", "b"), 0, core.Receipt{Expected: 3, Parsed: 2, Blank: []int{2}}},
		"one page, one passage": {parsed("a"), 1, core.Receipt{Expected: 1, Parsed: 1}},
	} {
		got, err := validate(t, row.list, row.expected, 0.5)
		want := row.want
		for _, list := range []*[]int{&want.Blank, &want.Failed, &want.Cut} { // [], never null, in the stored JSON
			*list = append([]int{}, *list...)
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestL011_PagesOutOfPlaceAreAnIncompleteParse(t *testing.T) {
	t.Parallel()
	page := func(n int) core.Page { return core.Page{Number: n, Text: "text"} }
	for name, row := range map[string]struct {
		list     []core.Page
		expected int
		page     int
	}{
		"one page too many": {[]core.Page{page(1), page(2), page(3)}, 2, 3},
		"out of order":      {[]core.Page{page(2), page(1)}, 2, 1},
		"one twice":         {[]core.Page{page(1), page(1), page(2)}, 3, 2},
		"a gap":             {[]core.Page{page(1), page(3)}, 3, 2},
		"from zero":         {[]core.Page{page(0), page(1)}, 2, 1},
		"a gap, no count":   {[]core.Page{page(1), page(3)}, 0, 2},
	} {
		_, err := validate(t, row.list, row.expected, 1)
		wantCode(t, err, core.CodeParseIncomplete, core.Permanent)
		if e := core.AsError(err); e.Page != row.page {
			t.Errorf("%s: page %d is named, want %d", name, e.Page, row.page)
		}
	}
}

func TestL020_ADocumentWithoutTextIsEmpty(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		list     []core.Page
		expected int
	}{
		"all blank":                 {parsed("", " ", "\n"), 3},
		"nothing parsed, no count":  {nil, 0},
		"blank or failed in policy": {parsed("", "-"), 2},
	} {
		if _, err := validate(t, row.list, row.expected, 1); !core.HasCode(err, core.CodeParseEmpty) {
			t.Errorf("%s: %v, want parse_empty", name, err)
		}
	}
}

// A summary in place of the text leaves the other pages missing.
func TestL030_ASummaryInPlaceOfTheTextIsIncomplete(t *testing.T) {
	t.Parallel()
	_, err := validate(t, parsed("This document is an insurance policy."), 40, 0.05)
	wantCode(t, err, core.CodeParseIncomplete, core.Permanent)
	if e := core.AsError(err); e.Page != 2 {
		t.Errorf("page %d is named, want the first missing one", e.Page)
	}
}

// Where the cut alone breaks the policy, the reason is the cut.
func TestTheCutPageHasItsOwnReason(t *testing.T) {
	t.Parallel()
	_, err := validate(t, parsed("a", "<", "<"), 3, 0.05)
	wantCode(t, err, core.CodePageCut, core.Permanent)
	_, err = validate(t, parsed("a", "<", "-"), 3, 0.05)
	wantCode(t, err, core.CodeParseIncomplete, core.Permanent)
	if e := core.AsError(err); e.Page != 2 {
		t.Errorf("page %d is named, want the first failed one", e.Page)
	}
}

// Exactly the share passes and one page more does not, whatever the decimal.
func TestThePolicyHoldsAtItsEdge(t *testing.T) {
	t.Parallel()
	for percent := 1; percent < 100; percent++ {
		share := float64(percent) / 100
		list := make([]string, 100)
		for i := range list {
			list[i] = "text"
			if i < percent {
				list[i] = "-"
			}
		}
		if _, err := validate(t, parsed(list...), 100, share); err != nil {
			t.Errorf("%d of 100 pages failed, with a share of %v: %v", percent, share, err)
		}
		list[percent] = "-"
		if _, err := validate(t, parsed(list...), 100, share); !core.HasCode(err, core.CodeParseIncomplete) {
			t.Errorf("%d of 100 pages failed, with a share of %v: %v, want parse_incomplete", percent+1, share, err)
		}
	}
	if _, err := validate(t, parsed("a", "-"), 2, 0); !core.HasCode(err, core.CodeParseIncomplete) {
		t.Errorf("a failed page with a share of 0: %v", err)
	}
}

// Whatever the parser answers, the receipt balances or there is none.
func TestL011_EveryReceiptBalances(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		list := parsed(rapid.SliceOfN(rapid.SampledFrom([]string{"text", "", " ", "-", "<"}), 0, 30).Draw(rt, "pages")...)
		if len(list) > 0 && rapid.IntRange(0, 3).Draw(rt, "misplaced") == 0 {
			list[rapid.IntRange(0, len(list)-1).Draw(rt, "which")].Number = rapid.IntRange(-1, 40).Draw(rt, "number")
		}
		expected := rapid.IntRange(0, 35).Draw(rt, "expected")
		share := rapid.Float64Range(0, 1).Draw(rt, "share")
		r, err := validate(t, list, expected, share)
		if err != nil {
			if core.AsError(err).Kind != core.Permanent {
				rt.Fatalf("the refusal %v would be tried again", err)
			}
			return
		}
		numbers := append(append([]int{}, r.Blank...), r.Failed...)
		slices.Sort(numbers)
		switch {
		case !r.Balanced() || r.Parsed+len(r.Blank)+len(r.Failed) != r.Expected:
			rt.Fatalf("the receipt %+v does not balance", r)
		case r.Parsed == 0 || (expected > 0 && r.Expected != expected) || (expected == 0 && r.Expected != len(list)):
			rt.Fatalf("the receipt %+v is of another file (%d pages, %d parsed)", r, expected, len(list))
		case len(slices.Compact(slices.Clone(numbers))) != len(numbers) || !slices.IsSorted(r.Failed) || !slices.IsSorted(r.Blank):
			rt.Fatalf("a page is counted twice in %+v", r)
		case slices.ContainsFunc(r.Cut, func(n int) bool { return !slices.Contains(r.Failed, n) }):
			rt.Fatalf("a cut page of %+v is not failed", r)
		}
	})
}

func TestValidatePassesTheStoresErrorOn(t *testing.T) {
	t.Parallel()
	fault := core.Fail(core.CodeDatabaseUnavailable, nil)
	made, err := pipeline.Validating{Text: pages{err: fault}}.Make(t.Context(), document("x", 1))
	if !errors.Is(err, fault) {
		t.Errorf("the error is %v", err)
	}
	wantNothing(t, made)
}
