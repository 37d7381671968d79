package governor

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Parser pays for the submissions to a parser under a guard.
type Parser struct {
	Guard    Guard
	Provider string
	Account  string
	Price    core.Price // of a page
	Next     parser
}

type parser interface {
	Submit(ctx context.Context, s core.Submission) (core.Queued, error)
	Find(ctx context.Context, doc core.Document) (core.Queued, bool, error)
	Fetch(ctx context.Context, doc core.Document) (core.Text, error)
}

// Submit is ports.Parser's, with the guard's own errors beside. The job is
// entered with an estimate, which the fetched result's own usage replaces.
func (p Parser) Submit(ctx context.Context, s core.Submission) (queued core.Queued, err error) {
	call := p.call(s.Document)
	err = p.Guard.Call(ctx, call, func(ctx context.Context) (core.Bill, error) {
		queued, err = p.Next.Submit(ctx, s)
		return billOf(call, queued), err
	})
	return queued, err
}

// Find is ports.Parser's. A job that is found was paid for when its answer was
// lost: it is entered now, once.
func (p Parser) Find(ctx context.Context, doc core.Document) (core.Queued, bool, error) {
	queued, found, err := p.Next.Find(ctx, doc)
	if err != nil || !found {
		return queued, found, err
	}
	call := p.call(doc)
	call.ID = core.NewID()
	return queued, true, p.Guard.Desk.End(ctx, call, billOf(call, queued))
}

// Fetch is ports.Parser's. The text tells what it cost, where the provider does.
func (p Parser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	text, err := p.Next.Fetch(ctx, doc)
	if err == nil && text.Credits > 0 {
		text.Charge = &core.Charge{Provider: p.Provider, Ref: doc.ProviderJob, Pages: len(text.Pages), Credits: text.Credits,
			Cost: p.credits(text.Credits), Price: p.Price.Version()}
	}
	return text, err
}

// credits is what credits cost: the price of a page is that of so many.
func (p Parser) credits(n float64) core.NanoUSD {
	if p.Price.Credits == 0 {
		return 0
	}
	return core.NanoUSD(n*float64(p.Price.Nano)/p.Price.Credits + 0.5)
}

// call is the submission of a document; one of a format without pages counts as
// one page.
func (p Parser) call(doc core.Document) core.Call {
	pages := max(doc.Pages, 1)
	return core.Call{Provider: p.Provider, Account: p.Account, Pages: pages, Cost: p.Price.Nano * core.NanoUSD(pages), Price: p.Price.Version(),
		Payer: core.Payer{Kind: core.PaidParse, User: doc.User, Document: doc.ID, Attempt: doc.Attempt, Lane: doc.Lane}, Findable: true}
}

func billOf(call core.Call, queued core.Queued) core.Bill {
	return core.Bill{State: core.BillEstimated, Ref: queued.ProviderJob, Pages: call.Pages, Cost: call.Cost}
}
