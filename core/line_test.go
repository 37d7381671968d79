package core

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWayIsTheTenStatusesInOrder(t *testing.T) {
	t.Parallel()
	want := []Status{
		"uploaded", "parse_queued", "parsed", "parse_validated", "chunking",
		"chunks_stored", "embedding_queued", "embedding_in_progress", "embeddings_stored", "complete",
	}
	if diff := cmp.Diff(want, Way()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStatusesHaveNoWordTwice(t *testing.T) {
	t.Parallel()
	seen := map[Status]bool{}
	for _, s := range Statuses() {
		if seen[s] || !s.Known() {
			t.Errorf("%q: seen before %v, known %v", s, seen[s], s.Known())
		}
		seen[s] = true
	}
	for _, s := range []Status{"failed_parse", "failed_chunking", "failed_embedding", "cancelled", "deleting"} {
		if !seen[s] {
			t.Errorf("%q is missing", s)
		}
	}
	if Status("parsing").Known() || Status("").Known() {
		t.Error("a word that is not of the Line is known")
	}
}

func TestLegsFollowEachOther(t *testing.T) {
	t.Parallel()
	want := []Stage{"parse", "receive", "validate", "chunk", "embed", "finish"}
	if diff := cmp.Diff(want, Stages()); diff != "" {
		t.Errorf("stages (-want +got)\n%s", diff)
	}
	for i, leg := range Line {
		if i > 0 && leg.From != Line[i-1].rest() {
			t.Errorf("%s starts at %s, %s rests at %s", leg.Stage, leg.From, Line[i-1].Stage, Line[i-1].rest())
		}
		if !leg.Fails.Failed() {
			t.Errorf("%s fails to %q", leg.Stage, leg.Fails)
		}
		next := Stage("")
		if i+1 < len(Line) && leg.Stage != Parse { // after parse the document waits
			next = Line[i+1].Stage
		}
		if leg.Next != next {
			t.Errorf("%s goes on with %q, want %q", leg.Stage, leg.Next, next)
		}
	}
}

func TestLegsAreFoundByStageAndStatus(t *testing.T) {
	t.Parallel()
	for _, want := range Line {
		if got, ok := LegOf(want.Stage); !ok || got.From != want.From {
			t.Errorf("LegOf(%s) is %v, %v", want.Stage, got, ok)
		}
		for _, s := range []Status{want.From, want.Meanwhile()} {
			if got, ok := LegFrom(s); !ok || got.Stage != want.Stage || !want.Shows(s) {
				t.Errorf("LegFrom(%s) is %s, %v, want %s", s, got.Stage, ok, want.Stage)
			}
		}
	}
	if _, ok := LegOf("dance"); ok {
		t.Error("LegOf knows a stage that is not in the Line")
	}
	for _, s := range []Status{Complete, FailedParse, Cancelled, Deleting, ChunksStored, "", "parsing"} {
		if leg, ok := LegFrom(s); ok {
			t.Errorf("LegFrom(%q) is %s", s, leg.Stage)
		}
	}
	if leg, _ := LegOf(Receive); leg.Shows("") {
		t.Error("a leg without a meanwhile shows the empty status")
	}
}

func TestMovesGoForwardOnly(t *testing.T) {
	t.Parallel()
	way := Way()
	moves := Moves()
	seen := map[Move]bool{}
	for _, m := range moves {
		from, to := slices.Index(way, m.From), slices.Index(way, m.To)
		switch {
		case seen[m]:
			t.Errorf("%v stands there twice", m)
		case m.From.Terminal() && m.To != Deleting, m.From == Deleting:
			t.Errorf("%v leaves an end", m)
		case to >= 0 && to != from+1:
			t.Errorf("%v skips or goes back", m)
		case !m.From.Known() || !m.To.Known():
			t.Errorf("%v has an unknown status", m)
		}
		seen[m] = true
	}
	for i := range way[:len(way)-1] {
		for _, to := range []Status{way[i+1], Cancelled, Deleting} {
			if !seen[Move{way[i], to}] {
				t.Errorf("%s to %s is not allowed", way[i], to)
			}
		}
		fails := slices.ContainsFunc(moves, func(m Move) bool { return m.From == way[i] && m.To.Failed() })
		if !fails {
			t.Errorf("%s has no failed end", way[i])
		}
	}
}

func TestFailedEndsBelongToTheirStages(t *testing.T) {
	t.Parallel()
	want := map[Status]Status{
		Uploaded: FailedParse, ParseQueued: FailedParse, Parsed: FailedParse,
		ParseValidated: FailedChunking, Chunking: FailedChunking, ChunksStored: FailedChunking,
		EmbeddingQueued: FailedEmbedding, EmbeddingInProgress: FailedEmbedding, EmbeddingsStored: FailedEmbedding,
	}
	got := map[Status]Status{}
	for _, m := range Moves() {
		if m.To.Failed() {
			if other, twice := got[m.From]; twice {
				t.Errorf("%s fails to %s and to %s", m.From, other, m.To)
			}
			got[m.From] = m.To
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRetriesStartWhereAStageDoes(t *testing.T) {
	t.Parallel()
	want := map[Status]Status{
		FailedParse: Uploaded, FailedChunking: ParseValidated, FailedEmbedding: EmbeddingQueued, Cancelled: Uploaded,
	}
	if diff := cmp.Diff(want, Retries); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for end, start := range Retries {
		if leg, ok := LegFrom(start); !end.Terminal() || !ok || leg.From != start {
			t.Errorf("a retry of %s starts at %s, where no leg does", end, start)
		}
	}
	for _, s := range Statuses() {
		if _, again := Retries[s]; s.Failed() && !again {
			t.Errorf("%s allows no retry", s)
		}
	}
}

func TestTerminalStatuses(t *testing.T) {
	t.Parallel()
	for _, s := range Way()[:9] {
		if s.Terminal() || s.Failed() {
			t.Errorf("%s is an end", s)
		}
	}
	for _, s := range Statuses()[9:] {
		if !s.Terminal() {
			t.Errorf("%s is no end", s)
		}
	}
}

func TestProgressRisesTo100(t *testing.T) {
	t.Parallel()
	last := 0
	for _, s := range Way() {
		if p := s.Progress(); p <= last || p > 100 {
			t.Errorf("%s: %d after %d", s, p, last)
		}
		last = s.Progress()
	}
	if last != 100 {
		t.Errorf("complete is %d", last)
	}
	for _, s := range []Status{FailedParse, Cancelled, Deleting, "nonsense"} {
		if p := s.Progress(); p != 0 {
			t.Errorf("%s: %d, want 0", s, p)
		}
	}
}

// Callers may change what they are given without changing the Line.
func TestTheLineIsNotSharedWithCallers(t *testing.T) {
	t.Parallel()
	way := Way()
	clear(way)
	_ = append(Way(), "x")
	if Way()[0] != Uploaded || len(Way()) != 10 {
		t.Errorf("the way is %v", Way())
	}
	for _, leg := range Line {
		path := leg.path()
		_ = append(path[:len(path):len(path)], "x")
		if leg.rest() == "x" {
			t.Errorf("%s rests at %q", leg.Stage, leg.rest())
		}
	}
}
