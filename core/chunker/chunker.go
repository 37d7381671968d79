// Package chunker cuts a parsed document into the pieces that are embedded,
// found and quoted. It knows markdown (headings, lists, fenced code, pipe
// tables) and counts tokens as the embedding model does.
//
// What it promises of every cut:
//   - no piece has more tokens than Settings.Tokens, whatever the input;
//   - every non-blank line of every readable page is in a piece, in order;
//     only an overlap and a repeated table header stand there twice;
//   - a table row stays whole unless it is too large for a piece under its
//     header, and a piece that goes on with a table starts with that header;
//   - Headings is true of all that a piece says: the common part of the paths
//     of the sections it holds text of. Text before the first heading has no
//     section and does not shorten the path;
//   - the page range is that of the piece's text, its overlap included and a
//     repeated table header not: the range says where the rows stand;
//   - the same pages give the same pieces.
//
// Settings.Context adds to each piece what tells its document and section from
// others (context.go). It is embedded with the piece and never shown, and its
// tokens count.
//
// Where it cuts: at every heading of level 1 and 2, since an answer is cited by
// the section it stands in, unless the running piece is tiny (under an eighth
// of Tokens) and both have an ancestor in common, for a piece of six words is
// found by nothing. Sections without a common ancestor are never merged. A full
// piece is cut at the best place in its later part: before a heading or a
// table, else between blocks, else between sentences, list items or rows. A
// heading or a table header is never left behind at the end of a piece that
// has anything else.
//
// An overlap is whole sentences of the same section. None crosses a heading,
// so that no words stand under another section's path, and none is taken from
// tables and code, which mean nothing without what stood above them.
package chunker

import (
	"context"
	"errors"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
)

// Version is the version of the cut: it rises when the same pages and settings
// give other pieces than before.
const Version = 1

// The bounds of Settings.Tokens. The upper one is what the embedder takes in
// one input.
const (
	MinTokens = 16
	MaxTokens = 8000
)

// Settings say how large pieces are.
type Settings struct {
	Tokens  int // the most a piece may have, MinTokens to MaxTokens
	Overlap int // the most of it that repeats the piece before; 0 is none, at most half of Tokens

	// Context is the most tokens of a piece that its context takes, 0 for none.
	// It is never more than an eighth of Tokens. What it may take is kept free of
	// text in every piece.
	Context int

	// Unit names what the counter counts where that is not the model's own
	// tokens (for example "chars/4"); it becomes part of the chunker's name.
	Unit string

	// Additive says that the counter's counts add up over words: for a text cut
	// before a run of blanks, or after a run of line breaks, the parts' counts
	// sum up to the whole's. cl100k_base's do. Words are then counted once and
	// remembered; without it every piece is counted again as a whole, which is
	// right for any counter and takes several times as long.
	Additive bool
}

// Default is 800 tokens with an overlap of 100 and a context of 48, for a counter
// of cl100k_base. docs/chunking.md says why.
func Default() Settings { return Settings{Tokens: 800, Overlap: 100, Context: 48, Additive: true} }

// Chunker cuts documents. It is safe for concurrent use if its counter is.
type Chunker struct {
	counter  core.TokenCounter
	settings Settings
}

// New makes a chunker. It returns an error that names the faulty setting.
func New(counter core.TokenCounter, s Settings) (*Chunker, error) {
	switch {
	case counter == nil:
		return nil, errors.New("chunker: no token counter")
	case s.Tokens < MinTokens || s.Tokens > MaxTokens:
		return nil, fmt.Errorf("chunker: Tokens is %d, must be %d to %d", s.Tokens, MinTokens, MaxTokens)
	case s.Overlap < 0 || s.Overlap > s.Tokens/2:
		return nil, fmt.Errorf("chunker: Overlap is %d, must be 0 to %d (half of Tokens)", s.Overlap, s.Tokens/2)
	case s.Context < 0:
		return nil, fmt.Errorf("chunker: Context is %d, must be 0 or more", s.Context)
	}
	return &Chunker{counter: counter, settings: s}, nil
}

// Name names all that changes the cut, as name@version:tokens/overlap+context.
// It is part of every chunk's id.
func (c *Chunker) Name() string {
	name := fmt.Sprintf("markdown@%d:%d/%d", Version, c.settings.Tokens, c.settings.Overlap)
	if c.settings.Context > 0 {
		name += fmt.Sprintf("+%d", c.settings.Context)
	}
	if c.settings.Unit != "" {
		name += ":" + c.settings.Unit
	}
	return name
}

// Cut cuts the pages, in the order of their numbers. Failed and blank pages
// give nothing; a document of such pages alone gives no pieces and no error.
//
// It returns the context's error once that is done, and *core.Error for a page
// number below 1 (CodeInternal) or for a counter by which a single character
// is larger than a piece (CodeInputTooLong).
func (c *Chunker) Cut(ctx context.Context, pages []core.Page) ([]core.Piece, error) {
	lines, err := readLines(pages)
	if err != nil {
		return nil, err
	}
	o := readOutline(lines)
	room := min(c.settings.Context, c.settings.Tokens/8)
	b := &builder{outline: o, limit: c.settings.Tokens - room, tally: newTally(c.counter, c.settings.Additive)}
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	p := &packer{builder: b, overlap: min(c.settings.Overlap, b.limit/2)}
	pieces, err := p.pack(ctx)
	if err != nil || room == 0 {
		return pieces, err
	}
	setting{tally: b.tally, room: room, limit: c.settings.Tokens, document: o.document()}.addTo(pieces)
	return pieces, nil
}
