package boot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/governor"
	"github.com/insurance-navigator/navigator/ports"
)

// The bounds of a paid call. A lease ends well after the run that its call was
// made in: then its process is dead.
const (
	patience    = 15 * time.Second
	leaseGrace  = 30 * time.Second
	accountSalt = "account of "
)

// account is a key's fingerprint: limits and budget are counted by it.
func account(key Secret) string {
	sum := sha256.Sum256([]byte(accountSalt + key.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// budget is the month's, 0 for none.
func (c Config) budget() core.NanoUSD { return core.Dollars(c.Budget) }

// parsePrice is what a page costs; a parser of our own costs nothing.
func (c Config) parsePrice() core.Price {
	if c.Parser != "llamaparse" {
		return core.Price{Provider: c.Parser, Item: "page", Unit: "page"}
	}
	price, _ := llamaparse.PriceOf(c.LlamaTier) // the tier was checked
	if c.LlamaPrice > 0 {
		price.Nano, price.Source = core.Dollars(c.LlamaPrice), "LLAMAPARSE_PAGE_PRICE"
	}
	return price
}

// embedPrice is what a token costs under a model.
func (c Config) embedPrice(model string) core.Price {
	price, _ := openai.PriceOf(model)
	if c.OpenAIPrice > 0 {
		price.Nano, price.Source = core.Dollars(c.OpenAIPrice/1e6), "OPENAI_PRICE"
	}
	return price
}

// Prices is the vendors' lists as they are known here.
func Prices() []core.Price { return append(llamaparse.Prices(), openai.Prices()...) }

// governedParser pays for submissions; the rest is the parser's own.
type governedParser struct {
	ports.Parser
	paid governor.Parser
}

// Submit is ports.Parser.
func (p governedParser) Submit(ctx context.Context, s core.Submission) (core.Queued, error) {
	return p.paid.Submit(ctx, s)
}

// Find is ports.Parser.
func (p governedParser) Find(ctx context.Context, doc core.Document) (core.Queued, bool, error) {
	return p.paid.Find(ctx, doc)
}

// Fetch is ports.Parser.
func (p governedParser) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	return p.paid.Fetch(ctx, doc)
}

// waits times the waits for a turn at a service.
func waits(meter *metrics.Metrics, service core.Service) func(time.Duration) {
	return func(d time.Duration) { meter.Throttled(service, d) }
}

// countedDesk counts what calls cost as they are entered in the books.
type countedDesk struct {
	ports.Governor
	meter *metrics.Metrics
}

// vendors is the services by the names that the books have for them.
var vendors = map[string]core.Service{llamaparse.Provider: core.ServiceParser, openai.Provider: core.ServiceEmbedder}

// End is ports.Governor.
func (d countedDesk) End(ctx context.Context, call core.Call, bill core.Bill) error {
	err := d.Governor.End(ctx, call, bill)
	if err == nil && bill.Cost > 0 {
		d.meter.Spent(vendors[call.Provider], bill.Cost.USD())
	}
	return err
}

// governParser puts the parser under the key's limits and the budget. One of
// our own has neither.
func (c Config) governParser(parser ports.Parser, desk ports.Governor, meter *metrics.Metrics) ports.Parser {
	if c.Parser != "llamaparse" {
		return parser
	}
	guard := governor.Guard{Desk: countedDesk{desk, meter}, Busy: core.CodeParserBusy, Patience: patience, Sleep: governor.Sleep, Waited: waits(meter, core.ServiceParser), Pace: core.Pace{
		Requests: c.LlamaRate, Window: time.Second, Jobs: c.LlamaJobs, Lease: c.Parse.Timeout + leaseGrace, Budget: c.budget()}}
	return governedParser{parser, governor.Parser{Guard: guard, Provider: llamaparse.Provider, Account: account(c.LlamaKey), Price: c.parsePrice(), Next: parser}}
}

// governedEmbedder pays for vectors; its health costs nothing.
type governedEmbedder struct {
	ports.Embedder
	paid governor.Embedder
}

// Embed is ports.Embedder.
func (e governedEmbedder) Embed(ctx context.Context, texts []string) (core.Embedding, error) {
	return e.paid.Embed(ctx, texts)
}

// governEmbedder puts the embedder of a model under the key's limits and the
// budget.
func (c Config) governEmbedder(embedder ports.Embedder, model string, desk ports.Governor, meter *metrics.Metrics) ports.Embedder {
	guard := governor.Guard{Desk: countedDesk{desk, meter}, Busy: core.CodeEmbedderBusy, Patience: patience, Sleep: governor.Sleep, Waited: waits(meter, core.ServiceEmbedder), Pace: core.Pace{
		Requests: c.OpenAIRequests, Window: time.Minute, Tokens: c.OpenAITokens, Calls: c.OpenAIAtOnce, Lease: c.Embed.Timeout + leaseGrace, Budget: c.budget()}}
	return governedEmbedder{embedder, governor.Embedder{Guard: guard, Provider: openai.Provider, Account: account(c.OpenAIKey), Price: c.embedPrice(model), Next: embedder}}
}
