package governor

import "github.com/insurance-navigator/navigator/core"

// Basis is what an estimate rests on, the best first.
type Basis string

// The bases.
const (
	ByText  Basis = "text"  // the file's own text
	ByPages Basis = "pages" // so many pages of usual length
	BySize  Basis = "size"  // the announced size alone
)

// What is taken where a file does not tell: a dense printed page has about so
// many tokens, and a PDF of text and logos so many bytes a page.
const (
	pageTokens = 600
	pageBytes  = 60_000
)

// Chunks overlap, and each carries its section path: more is embedded than the
// text has, by about this share.
const chunkShare = 0.2

// Estimate is what a file is going to cost.
type Estimate struct {
	Basis   Basis
	Pages   int // billed
	Credits float64
	Tokens  int64
	Parse   core.NanoUSD
	Embed   core.NanoUSD
}

// Total is both amounts.
func (e Estimate) Total() core.NanoUSD { return e.Parse + e.Embed }

// List is the prices of the deployment: of a page and of a token.
type List struct{ Page, Token core.Price }

// OfText estimates a file by its text layer; pages without text are taken for
// usual ones.
func (l List) OfText(pages []core.Page) Estimate {
	var tokens int64
	for _, page := range pages {
		if page.State() == core.PageParsed {
			tokens += TokensOf(page.Text)
		} else {
			tokens += pageTokens
		}
	}
	return l.of(ByText, len(pages), tokens)
}

// OfPages estimates a file by its pages; one of a format without pages counts as
// one.
func (l List) OfPages(pages int) Estimate {
	pages = max(pages, 1)
	return l.of(ByPages, pages, int64(pages)*pageTokens)
}

// OfSize estimates a file that nobody has seen.
func (l List) OfSize(bytes int64) Estimate {
	e := l.OfPages(int(bytes/pageBytes) + 1)
	e.Basis = BySize
	return e
}

func (l List) of(basis Basis, pages int, tokens int64) Estimate {
	tokens += int64(float64(tokens) * chunkShare)
	return Estimate{
		Basis: basis, Pages: pages, Credits: l.Page.Credits * float64(pages), Tokens: tokens,
		Parse: l.Page.Nano * core.NanoUSD(pages), Embed: l.Token.Nano * core.NanoUSD(tokens),
	}
}
