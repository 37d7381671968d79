package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// stacks is a corpus that writes down what is done to it.
type stacks struct {
	corpus  core.Corpus
	lacking int
	unused  int // documents to clear
	whole   core.Document
	done    []string
}

func (s *stacks) note(format string, args ...any) {
	s.done = append(s.done, fmt.Sprintf(format, args...))
}

func (s *stacks) Corpus(context.Context) (core.Corpus, error) { return s.corpus, nil }

func (s *stacks) Lacking(_ context.Context, generation, limit int) (int, error) {
	s.note("start %d of %d", min(s.lacking, limit), generation)
	return min(s.lacking, limit), nil
}

func (s *stacks) Close(_ context.Context, generation int) error {
	s.note("close %d", generation)
	return nil
}

func (s *stacks) Swap(_ context.Context, generation int) (bool, error) {
	s.note("swap to %d", generation)
	return true, nil
}

func (s *stacks) Settle(context.Context, int) (int, error) { return 0, nil }

func (s *stacks) Retire(_ context.Context, keep time.Duration) error {
	s.note("retire after %s", keep)
	return nil
}

func (s *stacks) Clear(_ context.Context, limit int) (int, error) {
	n := min(s.unused, limit)
	s.unused -= n
	s.note("clear %d", n)
	return n, nil
}

func (s *stacks) Whole(context.Context, core.ID) (core.Document, error) {
	if s.whole.ID.IsZero() {
		return core.Document{}, core.ErrStale
	}
	return s.whole, nil
}

func (s *stacks) Fault(_ context.Context, _ core.ID, generation int, code core.Code) error {
	s.note("fault in %d: %s", generation, code)
	return nil
}

func (s *stacks) Join(_ context.Context, _ core.Document, generation int) error {
	s.note("join %d", generation)
	return nil
}

var built = &core.Generation{Number: 2, Chunker: "c@2", Model: "n"}

func TestARoundOfTending(t *testing.T) {
	t.Parallel()
	upkeep := []string{"retire after 1h0m0s"}
	for name, c := range map[string]struct {
		shelf stacks
		want  []string
	}{
		"no run":             {stacks{}, append(upkeep, "clear 0")},
		"a run that rests":   {stacks{corpus: core.Corpus{Building: built, Paused: true}, lacking: 3}, append(upkeep, "clear 0")},
		"many lack":          {stacks{corpus: core.Corpus{Building: built}, lacking: 700}, append([]string{"start 200 of 2"}, append(upkeep, "clear 0")...)},
		"few lack":           {stacks{corpus: core.Corpus{Building: built}, lacking: 3}, append([]string{"start 3 of 2", "close 2"}, append(upkeep, "clear 0")...)},
		"few lack, closing":  {stacks{corpus: core.Corpus{Building: built, Closing: true}, lacking: 3}, append([]string{"start 3 of 2"}, append(upkeep, "clear 0")...)},
		"none lacks":         {stacks{corpus: core.Corpus{Building: built, Closing: true}}, append([]string{"start 0 of 2", "swap to 2"}, append(upkeep, "clear 0")...)},
		"much is to be gone": {stacks{unused: 450}, append(upkeep, "clear 200", "clear 200", "clear 50")},
	} {
		if err := (pipeline.Tending{Store: &c.shelf, Jobs: 200, Keep: time.Hour}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, c.shelf.done); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestReembeddingDoesNothingWithoutARun(t *testing.T) {
	t.Parallel()
	doc := document("x", 1)
	refused := core.Fail(core.CodeEmbedderRefused, nil)
	for name, c := range map[string]struct {
		shelf stacks
		err   error // of the carrying
		want  error
		done  []string
	}{
		"no run":        {stacks{whole: doc}, nil, core.ErrStale, nil},
		"it rests":      {stacks{corpus: core.Corpus{Building: built, Paused: true}, whole: doc}, nil, core.ErrStale, nil},
		"not complete":  {stacks{corpus: core.Corpus{Building: built}}, nil, core.ErrStale, nil},
		"it is carried": {stacks{corpus: core.Corpus{Building: built}, whole: doc}, nil, nil, []string{"carry to 2"}},
		"it cannot be":  {stacks{corpus: core.Corpus{Building: built}, whole: doc}, refused, refused, []string{"carry to 2", "fault in 2: embedder_refused"}},
		"the outside asks": {stacks{corpus: core.Corpus{Building: built}, whole: doc}, core.Wait(core.CodeEmbedderBusy, time.Second, nil),
			core.Wait(core.CodeEmbedderBusy, time.Second, nil), []string{"carry to 2"}},
	} {
		carry := func(_ context.Context, _ core.Document, to core.Generation) error {
			c.shelf.note("carry to %d", to.Number)
			return c.err
		}
		err := pipeline.Reembedding{Store: &c.shelf, Carry: carry}.Run(t.Context(), doc.ID)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) && core.AsError(err).Code != core.AsError(c.want).Code {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if diff := cmp.Diff(c.done, c.shelf.done); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestADocumentUnderWayJoinsTheLiveGeneration(t *testing.T) {
	t.Parallel()
	for own, want := range map[int][]string{2: nil, 1: {"carry to 2", "join 2"}} {
		s := &stacks{corpus: core.Corpus{Live: *built}}
		doc := document("x", 1)
		doc.Generation = own
		carry := func(_ context.Context, _ core.Document, to core.Generation) error {
			s.note("carry to %d", to.Number)
			return nil
		}
		if _, err := (pipeline.Joining{Store: s, Carry: carry}).Run(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.done); diff != "" {
			t.Errorf("a document of generation %d:\n%s", own, diff)
		}
	}
}

// books is a corpus of two owners for a quote. Contents are what a chunker cut
// before, and are read by the digest's first byte.
type books struct {
	pages
	docs []core.Document
	cut  map[core.ID][]core.Pending
	have map[[32]byte]bool
}

func (b books) Complete(_ context.Context, after core.Document, _ int) ([]core.Document, error) {
	if !after.ID.IsZero() {
		return nil, nil
	}
	return b.docs, nil
}

func (b books) Contents(_ context.Context, doc core.Document, _ string) ([]core.Pending, error) {
	return b.cut[doc.ID], nil
}

func (b books) Embedded(context.Context, core.Document, string, [][32]byte) (map[[32]byte]bool, error) {
	return b.have, nil
}

// A text is paid for once an owner, unless it has its vector already; what the
// chunker has not cut is cut.
func TestAQuoteCountsWhatIsPaid(t *testing.T) {
	t.Parallel()
	ada, bob := document("a", 1), document("b", 1)
	twin := ada
	twin.ID = core.NewID()
	piece := func(digest byte, tokens int) core.Pending {
		return core.Pending{Digest: [32]byte{digest}, Tokens: tokens}
	}
	store := books{pages: pages{list: parsed("text")}, docs: []core.Document{ada, twin, bob}, have: map[[32]byte]bool{{9}: true},
		cut: map[core.ID][]core.Pending{ada.ID: {piece(1, 10), piece(9, 5)}, twin.ID: {piece(1, 10), piece(2, 20)}}}
	knife := knife{pieces: []core.Piece{{Text: "text", PageFrom: 1, PageTo: 1, Tokens: 7}}}
	seen := 0
	got, err := pipeline.Quoting{Store: store}.Run(t.Context(), *built, knife, func(n int) { seen = n })
	want := core.Quote{Documents: 3, Chunks: 5, Tokens: 52, Reused: 15, Paid: 37}
	if err != nil || got != want || seen != 3 {
		t.Errorf("%+v after %d (%v), want %+v", got, seen, err, want)
	}
	if usd := got.USD(0.02); usd < 0.7399e-6 || usd > 0.7401e-6 {
		t.Errorf("%g USD", usd)
	}
}
