package governor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/governor"
)

// desk answers the turns it was given, one after the other, then lets all go.
type desk struct {
	turns []core.Turn
	err   error
	began []core.Call
	bills []core.Bill
}

func (d *desk) Begin(_ context.Context, c core.Call, _ core.Pace) (core.Turn, error) {
	d.began = append(d.began, c)
	if len(d.turns) == 0 {
		return core.Turn{Go: true}, d.err
	}
	turn := d.turns[0]
	d.turns = d.turns[1:]
	return turn, d.err
}

func (d *desk) End(ctx context.Context, _ core.Call, b core.Bill) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.bills = append(d.bills, b)
	return nil
}

func guard(d *desk, slept *time.Duration) governor.Guard {
	return governor.Guard{Desk: d, Busy: core.CodeEmbedderBusy, Patience: 10 * time.Second, Sleep: func(_ context.Context, t time.Duration) error {
		*slept += t
		return nil
	}}
}

var (
	waits = core.Turn{Wait: 300 * time.Millisecond}
	call  = core.Call{Tokens: 50, Pages: 2, Cost: 500, Payer: core.Payer{Kind: core.PaidEmbed}}
	paid  = core.Bill{State: core.BillCharged, Tokens: 40, Cost: 400}
)

func TestACallWaitsForItsTurnWithinPatience(t *testing.T) {
	t.Parallel()
	busy := func(after time.Duration) error { return core.Wait(core.CodeEmbedderBusy, after, nil) }
	for name, c := range map[string]struct {
		turns []core.Turn
		kind  core.PaidKind
		slept time.Duration
		want  error
	}{
		"at once":                  {nil, core.PaidEmbed, 0, nil},
		"after some waits":         {[]core.Turn{waits, waits}, core.PaidEmbed, 600 * time.Millisecond, nil},
		"never for a known hour":   {[]core.Turn{{Wait: time.Hour}}, core.PaidEmbed, 0, busy(time.Hour)},
		"a question not for long":  {[]core.Turn{waits, waits, waits, waits, waits}, core.PaidSearch, 900 * time.Millisecond, busy(300 * time.Millisecond)},
		"in pieces, for news":      {[]core.Turn{{Wait: 3 * time.Second}}, core.PaidEmbed, time.Second, nil},
		"without money not at all": {[]core.Turn{{Spent: true}}, core.PaidEmbed, 0, &core.Error{Code: core.CodeBudgetExhausted, Kind: core.Paused, After: governor.Pause}},
	} {
		d, slept, ran := &desk{turns: c.turns}, time.Duration(0), false
		asked := call
		asked.Payer.Kind = c.kind
		err := guard(d, &slept).Call(t.Context(), asked, func(context.Context) (core.Bill, error) { ran = true; return paid, nil })
		if diff := cmp.Diff(told(c.want), told(err)); diff != "" || slept != c.slept || ran != (c.want == nil) {
			t.Errorf("%s: slept %s, ran %t, %s", name, slept, ran, diff)
		}
		if ran != (len(d.bills) == 1) {
			t.Errorf("%s: %d bills", name, len(d.bills))
		}
	}
}

// What is billed when a call does not end well.
func TestABillFollowsTheAnswer(t *testing.T) {
	t.Parallel()
	lost := core.Fail(core.CodeEmbedderUnavailable, nil)
	lost.Paid = true
	assumed := core.Bill{State: core.BillAssumed, Tokens: 50, Pages: 2, Cost: 500}
	for name, c := range map[string]struct {
		err      error
		findable bool
		want     []core.Bill
	}{
		"answered":                 {nil, false, []core.Bill{paid}},
		"refused":                  {core.Fail(core.CodeEmbedderRefused, nil), false, []core.Bill{{Tokens: 40, Cost: 400}}},
		"told to wait":             {core.Wait(core.CodeEmbedderBusy, time.Minute, nil), false, []core.Bill{{Tokens: 40, Cost: 400, Closed: time.Minute}}},
		"lost on the way":          {lost, false, []core.Bill{assumed}},
		"given up by the caller":   {context.Canceled, false, []core.Bill{assumed}},
		"lost, and to be found":    {lost, true, nil},
		"refused, and to be found": {core.Fail(core.CodeParserRefused, nil), true, []core.Bill{{Tokens: 40, Cost: 400}}},
	} {
		d, slept := &desk{}, time.Duration(0)
		asked := call
		asked.Findable = c.findable
		err := guard(d, &slept).Call(t.Context(), asked, func(context.Context) (core.Bill, error) { return paid, c.err })
		if !errors.Is(err, c.err) {
			t.Errorf("%s: the error is %v", name, err)
		}
		if diff := cmp.Diff(c.want, d.bills); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A caller that is gone leaves no reservation behind.
func TestACallIsSettledAfterItsCallerIsGone(t *testing.T) {
	t.Parallel()
	d, slept := &desk{}, time.Duration(0)
	ctx, cancel := context.WithCancel(t.Context())
	err := guard(d, &slept).Call(ctx, call, func(context.Context) (core.Bill, error) { cancel(); return core.Bill{}, ctx.Err() })
	if !errors.Is(err, context.Canceled) || len(d.bills) != 1 {
		t.Errorf("%v, %d bills", err, len(d.bills))
	}
}

// parser finds and fetches one job.
type parser struct{ credits float64 }

func (parser) Submit(context.Context, core.Submission) (core.Queued, error) {
	return core.Queued{ProviderJob: "pjb-1"}, nil
}

func (parser) Find(context.Context, core.Document) (core.Queued, bool, error) {
	return core.Queued{ProviderJob: "pjb-1"}, true, nil
}

func (p parser) Fetch(context.Context, core.Document) (core.Text, error) {
	return core.Text{Pages: make([]core.Page, 3), Credits: p.credits}, nil
}

func TestAParseIsEnteredByItsJob(t *testing.T) {
	t.Parallel()
	d, slept := &desk{}, time.Duration(0)
	page := core.Price{Provider: "llamaparse", Item: "x", Unit: "page", Nano: 3_750_000, Credits: 3, Of: "2026-01-01"}
	p := governor.Parser{Guard: guard(d, &slept), Provider: "llamaparse", Price: page, Next: parser{credits: 30}}
	doc := core.Document{Pages: 4, ProviderJob: "pjb-1"}
	if _, err := p.Submit(t.Context(), core.Submission{Document: doc}); err != nil {
		t.Fatal(err)
	}
	if _, found, err := p.Find(t.Context(), doc); err != nil || !found {
		t.Fatal(found, err)
	}
	entry := core.Bill{State: core.BillEstimated, Ref: "pjb-1", Pages: 4, Cost: 15_000_000}
	if diff := cmp.Diff([]core.Bill{entry, entry}, d.bills); diff != "" {
		t.Error(diff)
	}
	text, err := p.Fetch(t.Context(), doc)
	want := &core.Charge{Provider: "llamaparse", Ref: "pjb-1", Pages: 3, Credits: 30, Cost: 37_500_000, Price: "llamaparse/x@2026-01-01"}
	if diff := cmp.Diff(want, text.Charge); err != nil || diff != "" {
		t.Error(err, diff)
	}
	p.Next = parser{} // it does not say: the estimate stays
	if text, _ := p.Fetch(t.Context(), doc); text.Charge != nil {
		t.Errorf("charged %+v", text.Charge)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	b := governor.Budget{Limit: 1000, Warn: 0.8}
	for spent, want := range map[core.NanoUSD]core.Code{0: "", 799: "", 800: core.CodeBudgetLow, 990: core.CodeBudgetLow, 991: core.CodeBudgetExhausted, 2000: core.CodeBudgetExhausted} {
		if got := b.State(core.Spending{Spent: spent - spent/2, Reserved: spent / 2}, 10); got != want {
			t.Errorf("%d spent and reserved: %q, want %q", spent, got, want)
		}
	}
	if got := (governor.Budget{}).State(core.Spending{Spent: 1e9}, 10); got != "" {
		t.Errorf("without a budget: %q", got)
	}
	month := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for gone, want := range map[time.Duration]core.NanoUSD{time.Hour: 90, 3 * 24 * time.Hour: 900, 30 * 24 * time.Hour: 90} {
		if got := governor.Forecast(core.Spending{Month: month, Spent: 90}, month.Add(gone)); got != want {
			t.Errorf("after %s: %d, want %d", gone, got, want)
		}
	}
}

// told is what an error says to its caller; nil for none.
func told(err error) any {
	if err == nil {
		return nil
	}
	e := core.AsError(err)
	return []any{e.Code, e.Kind, e.After}
}

// Each call tells how long it waited for its turn, whether it came or not.
func TestTheWaitIsTold(t *testing.T) {
	t.Parallel()
	var slept time.Duration
	var waited []time.Duration
	d := &desk{turns: []core.Turn{waits, waits, {Go: true}, {Go: true}, waits, {Wait: time.Hour}}}
	g := guard(d, &slept)
	g.Waited = func(d time.Duration) { waited = append(waited, d) }
	for range 3 {
		_ = g.Call(t.Context(), call, func(context.Context) (core.Bill, error) { return paid, nil })
	}
	if diff := cmp.Diff([]time.Duration{2 * waits.Wait, 0, waits.Wait}, waited); diff != "" {
		t.Errorf("the waits that were told:\n%s", diff)
	}
}
