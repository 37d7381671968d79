package legacy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/insurance-navigator/navigator/core"
)

// Why a document is left where it is, beside the codes of files.
const (
	leftNoOwner      = "no owner"
	leftOwnerUnknown = "owner has no account"
	leftNoDigest     = "no readable digest to prove the file by"
	leftPath         = "unknown form of storage path"
	leftForeignPath  = "storage path of another owner"
	leftDuplicate    = "same content as another document of its owner"
)

// Why a document is work for the line again.
const (
	againPages  = "pages cannot be proven: read again"
	againStatus = "its attempt did not reach its chunks: read again"
	againText   = "its parsed text is not stored: read again"
	againChunks = "its chunks are not the whole text: read again"
	againLong   = "a chunk is too long to embed: cut again"
	againVector = "a vector is missing or bad: embedded again"
)

// What is wrong with a vector.
const (
	vectorKept   = "kept"
	vectorBad    = "placeholder or damaged: made anew"
	vectorModel  = "of another model: made anew"
	vectorText   = "its text was changed since: made anew"
	vectorShared = "the same beside different texts: made anew"
)

// chunked are the words that stood in a job's status once all chunks were
// stored; the contract's own, and those that leaked in beside them.
var chunked = []string{"chunks_stored", "embedding_queued", "embedding_in_progress", "embeddings_stored", "complete", "failed_embedding",
	"chunked", "embedding", "embedded", "embeddings_buffered", "processed", "completed", "duplicate"}

// refuses tells why a row cannot be adopted, whatever its file is; "" if it may.
func (a *adoption) refuses(d document) (Path, [32]byte, string) {
	var sum [32]byte
	p, ok := ParsePath(d.raw)
	n, err := hex.Decode(sum[:], []byte(d.digest[:min(len(d.digest), 64)]))
	switch {
	case d.user.IsZero():
		return p, sum, leftNoOwner
	case a.owners != nil && !a.owners[d.user]:
		return p, sum, leftOwnerUnknown
	case err != nil || n != len(sum) || len(d.digest) != 64:
		return p, sum, leftNoDigest
	case !ok:
		return p, sum, leftPath
	case !p.Belongs(d.user):
		return p, sum, leftForeignPath
	}
	return p, sum, ""
}

// plan is how one document is adopted.
type plan struct {
	outcome Outcome
	why     string   // it is not complete; "" if it is
	pages   []string // their texts, one after the other the parsed text; none where it is read anew
	pieces  []piece
	offered int // chunks there were
}

// piece is a chunk that is taken over.
type piece struct {
	chunk
	tokens      int
	vector      string // vectorKept, or what is wrong with it
	first, last int    // the pages it stands on
}

func (p plan) real() (n int) {
	for _, piece := range p.pieces {
		if piece.vector == vectorKept {
			n++
		}
	}
	return n
}

// judge says how far a document has come by what can be proven. The chunks are
// known to be the whole of the text only where they are, letter by letter, the
// parsed text in the storage; and the text to be that of all pages where each
// page is found again in it. All else is read anew from the file.
func (a *adoption) judge(ctx context.Context, held Held, last attempt, chunks []chunk, text string, stored bool) (plan, error) {
	p := plan{outcome: Parse, offered: len(chunks)}
	switch {
	case !slices.Contains(chunked, last.status):
		p.why = againStatus
	case !stored:
		p.why = againText
	case !whole(chunks, text):
		p.why = againChunks
	default:
		pages, err := pagesOf(ctx, held, text)
		if err != nil {
			return p, err
		}
		if p.why = againPages; pages != nil {
			return a.judgeChunks(p, chunks, pages), nil
		}
	}
	return p, nil
}

// pagesOf is the text's pages; none where they cannot be proven. Of a file of
// one page the text is that page.
func pagesOf(ctx context.Context, held Held, text string) ([]string, error) {
	switch held.Facts().Pages {
	case 1:
		return []string{text}, nil
	case 0: // a format without pages: how this release counts them is not on record
		return nil, nil
	}
	read, err := held.Pages(ctx)
	if _, final := verdict(err); final {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the pages of a stored file: %w", err)
	}
	parts, _ := split(text, read)
	return parts, nil
}

func (a *adoption) judgeChunks(p plan, chunks []chunk, pages []string) plan {
	p.pages, p.outcome, p.why = pages, Complete, ""
	ends := endsOf(pages)
	from := 0
	for _, c := range chunks {
		one := piece{chunk: c, tokens: a.Count(c.text), vector: a.fault(c)}
		if one.tokens > a.MaxTokens {
			return plan{outcome: Chunk, why: againLong, pages: pages, offered: len(chunks)}
		}
		if one.vector != vectorKept {
			p.outcome, p.why = Embed, againVector
		}
		to := from + len(squeeze(c.text))
		one.first, one.last = span(ends, from, to)
		p.pieces, from = append(p.pieces, one), to
	}
	return p
}

// fault tells what is wrong with a chunk's vector.
func (a *adoption) fault(c chunk) string {
	digest := sha256.Sum256([]byte(c.text))
	switch {
	case !c.plausible:
		return vectorBad
	case c.model != a.Model:
		return vectorModel
	case c.digest != hex.EncodeToString(digest[:]):
		return vectorText
	case a.shared[[32]byte(c.vector)]:
		return vectorShared
	}
	return vectorKept
}

// whole reports whether the chunks, of one chunker and without gaps, are the
// text. The old chunker trimmed and joined lines, so white space is not compared.
func whole(chunks []chunk, text string) bool {
	var joined strings.Builder
	for i, c := range chunks {
		if c.ordinal != i || c.chunker != chunks[0].chunker || strings.TrimSpace(c.text) == "" {
			return false
		}
		joined.WriteString(c.text)
	}
	bare := squeeze(text)
	return bare != "" && squeeze(joined.String()) == bare
}

func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// failed are the earlier attempts that can be taken over: those that ended and
// can be followed by another. What they say went wrong stays where it is, for
// it may quote a document.
func failed(attempts []attempt) (ids []core.ID) {
	for _, t := range attempts {
		if strings.HasPrefix(t.status, "failed") {
			ids = append(ids, t.id)
		}
	}
	return ids
}
