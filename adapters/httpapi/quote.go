package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/governor"
	"github.com/insurance-navigator/navigator/ports"
)

// quoteType is the media type of a quote: the same address answers an upload as
// application/json.
const quoteType = "application/vnd.navigator.quote+json"

const quoteParameter = "quote"

// PriceQuote is what a file would cost. Nothing of the file is kept.
type PriceQuote struct {
	Filename   string      `json:"filename"`
	BytesLen   int64       `json:"bytes_len"`
	Mime       string      `json:"mime" doc:"By content; as announced where basis is size"`
	Pages      int         `json:"pages" doc:"That are billed"`
	Basis      string      `json:"basis" enum:"text,pages,size" doc:"What the estimate rests on: the file's own text, its pages at a usual length, or the announced size alone"`
	Credits    float64     `json:"estimated_credits" doc:"Of the parser"`
	Tokens     int64       `json:"estimated_tokens" doc:"To be embedded"`
	USD        QuotedUSD   `json:"estimated_usd"`
	Prices     []ListPrice `json:"prices" nullable:"false" doc:"What it was counted with"`
	Budget     QuoteBudget `json:"budget"`
	DocumentID string      `json:"document_id,omitempty" format:"uuid" doc:"You have this content already: uploading it costs nothing"`
}

// QuotedUSD is the estimate in dollars.
type QuotedUSD struct {
	Parse float64 `json:"parse" doc:"Reading the file"`
	Embed float64 `json:"embed" doc:"Embedding its text"`
	Total float64 `json:"total" doc:"Both"`
}

// ListPrice is one row of a vendor's price list.
type ListPrice struct {
	Provider string  `json:"provider" doc:"The vendor"`
	Item     string  `json:"item" doc:"Its model, or tier"`
	Unit     string  `json:"unit" enum:"page,token" doc:"What is counted"`
	USD      float64 `json:"usd" doc:"For a unit"`
	Of       string  `json:"of" doc:"The list's date"`
}

// QuoteBudget tells whether the month's budget has room.
type QuoteBudget struct {
	Allowed bool        `json:"allowed" doc:"false: the document would be taken, and wait"`
	Code    problemCode `json:"code,omitempty" doc:"Why it would wait"`
}

// asksQuote reports whether a request asks for a price and is to change nothing.
// A word that is neither true nor false is refused: it may have been meant so.
func asksQuote(r *http.Request) (bool, error) {
	words := r.URL.Query()[quoteParameter]
	if len(words) == 0 {
		return false, nil
	}
	asked, err := strconv.ParseBool(words[0])
	if err != nil || len(words) > 1 {
		return true, invalid(http.StatusUnprocessableEntity, "query."+quoteParameter, "true or false")
	}
	return asked, nil
}

// quoted answers a request for a quote in the operation's place.
func quoted(quote func(w http.ResponseWriter, r *http.Request) (*PriceQuote, error)) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		asked, err := asksQuote(r)
		if !asked {
			next(ctx)
			return
		}
		var answer *PriceQuote
		if err == nil {
			answer, err = quote(w, r)
		}
		if err != nil {
			fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", quoteType)
		_ = json.NewEncoder(w).Encode(answer) // a client that left is no error of ours
	}}
}

// quoteFile judges an uploaded file as an upload would, and forgets it.
func (a *api) quoteFile(w http.ResponseWriter, r *http.Request) (*PriceQuote, error) {
	ctx := r.Context()
	file, read, err := receive(w, r, a.SpoolDir, a.Limits)
	if req := requestOf(ctx); req != nil {
		req.bytesIn = read
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	found, err := a.inspect(ctx, file)
	if err != nil {
		return nil, err
	}
	answer := a.quoteOf(ctx, a.estimate(ctx, file, found), found.Type, file.name, file.Size)
	there, err := a.Library.Find(ctx, callerOf(ctx), file.Sum)
	if _, again := core.Retries[there.Status]; err == nil && !again {
		a.free(answer, there)
	}
	return answer, nil
}

// estimate goes by the text where the file has any that is read in time.
func (a *api) estimate(ctx context.Context, file *arrival, found core.Inspection) governor.Estimate {
	list := a.purse.List
	if a.purse.Text != nil {
		bounded, cancel := context.WithTimeout(ctx, a.Limits.QuoteTime)
		defer cancel()
		pages, err := a.purse.Text.Pages(bounded, file.Reader(), file.Size)
		if err == nil && len(pages) > 0 {
			return list.OfText(pages)
		}
	}
	return list.OfPages(found.Pages)
}

// quoteClaim prices an announcement by what it claims.
func (a *api) quoteClaim(_ http.ResponseWriter, r *http.Request) (*PriceQuote, error) {
	var claim UploadRequest
	if req := requestOf(r.Context()); req == nil || json.Unmarshal(req.body, &claim) != nil || claim.BytesLen < 1 || claim.Filename == "" {
		return nil, invalid(http.StatusUnprocessableEntity, "body", "filename, bytes_len of 1 or more, and mime")
	}
	if err := a.claimed(claim); err != nil {
		return nil, err
	}
	return a.quoteOf(r.Context(), a.purse.List.OfSize(claim.BytesLen), claim.Mime, DisplayName(claim.Filename, a.Limits.MaxNameBytes), claim.BytesLen), nil
}

func (a *api) quoteOf(ctx context.Context, e governor.Estimate, mime, name string, size int64) *PriceQuote {
	q := &PriceQuote{
		Filename: name, BytesLen: size, Mime: mime, Pages: e.Pages, Basis: string(e.Basis), Credits: e.Credits, Tokens: e.Tokens,
		USD:    QuotedUSD{Parse: e.Parse.USD(), Embed: e.Embed.USD(), Total: e.Total().USD()},
		Prices: []ListPrice{ListPriceOf(a.purse.List.Page), ListPriceOf(a.purse.List.Token)},
		Budget: QuoteBudget{Allowed: a.purse.allows(ctx, e.Total())},
	}
	if !q.Budget.Allowed {
		q.Budget.Code = problemCode(core.CodeBudgetExhausted)
	}
	return q
}

// free takes the cost off a quote: the content is there.
func (a *api) free(q *PriceQuote, there ports.Standing) {
	q.DocumentID, q.Credits, q.Tokens, q.USD, q.Budget = there.Document.String(), 0, 0, QuotedUSD{}, QuoteBudget{Allowed: true}
}

// ListPriceOf is a price as it is answered.
func ListPriceOf(p core.Price) ListPrice {
	return ListPrice{Provider: p.Provider, Item: p.Item, Unit: p.Unit, USD: p.Nano.USD(), Of: p.Of}
}

func quoteSchema(h huma.API) *huma.Schema {
	return h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[PriceQuote](), true, "PriceQuote")
}

// describeQuotes adds the parameter and the answer to the operations that quote.
func (a *api) describeQuotes(h huma.API) {
	doc := h.OpenAPI()
	schema := quoteSchema(h)
	example := exampleOfQuote()
	for _, path := range []string{pathUpload, pathDocuments, pathAnnounce} {
		op := doc.Paths[path].Post
		op.Description += " With quote=true nothing is stored and no quota is used: the answer is 200 with what the file would cost, as " + quoteType + "."
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: quoteParameter, In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}, Example: true,
			Description: "Answer what the upload would cost, and change nothing; false when not given",
		})
		op.Responses["200"].Content[quoteType] = &huma.MediaType{Schema: schema, Example: example}
	}
}

// exampleOfQuote is a file of 24 pages at prices that were once on the lists.
func exampleOfQuote() *PriceQuote {
	list := governor.List{
		Page:  core.Price{Provider: "llamaparse", Item: "cost_effective", Unit: "page", Nano: 3_750_000, Credits: 3, Of: "2026-08-20"},
		Token: core.Price{Provider: "openai", Item: "text-embedding-3-small", Unit: "token", Nano: 20, Of: "2026-08-21"},
	}
	a := &api{purse: &purse{Money: Money{List: list}}}
	return a.quoteOf(context.Background(), list.OfPages(24), "application/pdf", exampleName, 482133)
}
