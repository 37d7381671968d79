package pipeline

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/injection"
)

// Validating balances the page receipt: every page of the file was parsed, or
// is blank, or failed within policy.
type Validating struct {
	Text   pager
	Policy core.PagePolicy
}

type pager interface {
	Pages(ctx context.Context, doc core.Document) ([]core.Page, error)
}

// Name is validate.
func (Validating) Name() core.Stage { return core.Validate }

// Make writes the receipt and marks the text, or refuses the parse.
func (v Validating) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	pages, err := v.Text.Pages(ctx, doc)
	if err != nil {
		return nil, err
	}
	receipt, err := balance(pages, doc.Pages)
	if err != nil {
		return nil, err
	}
	if err := v.judge(receipt); err != nil {
		return nil, err
	}
	return core.Checked{Receipt: receipt, Marks: marksOf(pages)}, nil
}

// marksOf is what the pages' text is marked with.
func marksOf(pages []core.Page) []core.Mark {
	var found []core.Mark
	for _, page := range pages {
		found = append(found, injection.Find(page.Text)...)
	}
	return core.SortMarks(found)
}

// balance counts every page once. Pages the parser never mentioned, or out of
// order, or beyond the file's own count, make the parse incomplete.
func balance(pages []core.Page, expected int) (core.Receipt, error) {
	if expected == 0 {
		expected = len(pages)
	}
	receipt := core.Receipt{Expected: expected, Blank: []int{}, Failed: []int{}, Cut: []int{}}
	for i, page := range pages {
		if page.Number != i+1 || page.Number > expected {
			return receipt, &core.Error{Code: core.CodeParseIncomplete, Kind: core.Permanent, Page: i + 1}
		}
		switch page.State() {
		case core.PageFailed:
			receipt.Failed = append(receipt.Failed, page.Number)
		case core.PageBlank:
			receipt.Blank = append(receipt.Blank, page.Number)
		default:
			receipt.Parsed++
		}
		if page.Failed == string(core.CodePageCut) {
			receipt.Cut = append(receipt.Cut, page.Number)
		}
	}
	for number := len(pages) + 1; number <= expected; number++ {
		receipt.Failed = append(receipt.Failed, number)
	}
	return receipt, nil
}

// judge applies the policy.
func (v Validating) judge(r core.Receipt) error {
	if r.Expected == 0 || (r.Parsed == 0 && len(r.Failed) == 0) {
		return core.Fail(core.CodeParseEmpty, nil)
	}
	// A quotient, as the policy's decimal is one: a product would round past it.
	if float64(len(r.Failed))/float64(r.Expected) > v.Policy.MaxFailedShare {
		code := core.CodeParseIncomplete
		if len(r.Cut) > 0 && len(r.Cut) == len(r.Failed) {
			code = core.CodePageCut
		}
		return &core.Error{Code: code, Kind: core.Permanent, Page: r.Failed[0]}
	}
	if r.Parsed == 0 {
		return core.Fail(core.CodeParseEmpty, nil)
	}
	return nil
}
