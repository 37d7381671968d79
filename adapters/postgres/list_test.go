package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func ids(list []ports.Standing) (ids []core.ID) {
	for _, s := range list {
		ids = append(ids, s.Document)
	}
	return ids
}

func (h *house) listed(who ports.Principal, q ports.Listing) []ports.Standing {
	h.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := h.library.List(h.t.Context(), who, q)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// at sets the moment a document was made in.
func (h *house) at(id core.ID, at time.Time) {
	h.t.Helper()
	conn := h.db.SuperConn()
	defer conn.Close(h.t.Context()) //nolint:errcheck // nothing is pending
	if _, err := conn.Exec(h.t.Context(), `update upload_pipeline.documents set created_at = $2 where document_id = $1`, id, at); err != nil {
		h.t.Fatal(err)
	}
}

// The pages of a list hold each document once, the newest first, also where
// several are of one moment, and nothing of another owner.
func TestListPagesAreStable(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	day := time.Date(2026, 3, 1, 12, 0, 0, 7000, time.UTC)
	var want []core.ID
	for i, content := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		doc := h.upload(ada, content, 1)
		h.at(doc.Document, day.Add(-time.Duration(i/3)*time.Microsecond)) // three of each moment
		want = append(want, doc.Document)
	}
	h.upload(bob, "bob's", 1)
	for i := 0; i < len(want); i += 3 {
		slices.SortFunc(want[i:min(i+3, len(want))], func(a, b core.ID) int { return slices.Compare(a[:], b[:]) })
	}
	var got []core.ID
	var behind *ports.Place
	for range len(want) {
		page := h.listed(ada, ports.Listing{Limit: 2, Behind: behind})
		if len(page) == 0 {
			break
		}
		last := page[len(page)-1]
		got, behind = append(got, ids(page)...), &ports.Place{CreatedAt: last.CreatedAt, Document: last.Document}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(h.listed(user(t), ports.Listing{})); n != 0 {
		t.Errorf("a stranger sees %d documents", n)
	}
}

func TestListFilters(t *testing.T) {
	h := open(t)
	ada := user(t)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	fresh, whole, gone := h.upload(ada, "fresh", 2), h.upload(ada, "whole", 2), h.upload(ada, "gone", 2)
	h.walk(whole, core.Finish)
	if err := h.library.Remove(t.Context(), ada, gone.Document); err != nil {
		t.Fatal(err)
	}
	for i, id := range []core.ID{fresh.Document, whole.Document, gone.Document} {
		h.at(id, day.AddDate(0, 0, -i))
	}
	for name, c := range map[string]struct {
		query ports.Listing
		want  []core.ID
	}{
		"all but deleting": {ports.Listing{}, []core.ID{fresh.Document, whole.Document}},
		"deleting":         {ports.Listing{Statuses: []core.Status{core.Deleting}}, []core.ID{gone.Document}},
		"two statuses":     {ports.Listing{Statuses: []core.Status{core.Uploaded, core.Complete}}, []core.ID{fresh.Document, whole.Document}},
		"one status":       {ports.Listing{Statuses: []core.Status{core.Complete}}, []core.ID{whole.Document}},
		"from, inclusive":  {ports.Listing{From: day}, []core.ID{fresh.Document}},
		"before":           {ports.Listing{Before: day}, []core.ID{whole.Document}},
		"nothing":          {ports.Listing{From: day.AddDate(0, 0, 1)}, nil},
	} {
		if diff := cmp.Diff(c.want, ids(h.listed(ada, c.query))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestStandingsLeaveOutWhatIsAnothers(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	one, two, foreign := h.upload(ada, "one", 1), h.upload(ada, "two", 1), h.upload(bob, "bob's", 1)
	found, err := h.library.Standings(t.Context(), ada, []core.ID{two.Document, foreign.Document, core.NewID(), one.Document})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b ports.Standing) int { return a.CreatedAt.Compare(b.CreatedAt) })
	if diff := cmp.Diff([]ports.Standing{one, two}, found); diff != "" {
		t.Error(diff)
	}
}

func TestChunksOfOnesOwn(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	doc := h.upload(ada, "whole", 2)
	if none, err := h.library.Chunks(t.Context(), ada, doc.Document, 0, 10); err != nil || len(none) != 0 {
		t.Errorf("before it is cut: %v %v", none, err)
	}
	h.walk(doc, core.Chunk)
	want := []ports.Chunk{
		{ID: core.ChunkID(doc.Document, "test@1", 0), Text: "deductible", Headings: []string{}, PageFrom: 1, PageTo: 1, Tokens: 3},
		{ID: core.ChunkID(doc.Document, "test@1", 1), Ordinal: 1, Text: "copay", Headings: []string{"Costs"}, PageFrom: 2, PageTo: 2, Tokens: 2},
	}
	for from, want := range map[int][]ports.Chunk{0: want[:1], 1: want[1:], 2: {}} {
		got, err := h.library.Chunks(t.Context(), ada, doc.Document, from, 1)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("from %d: %v %s", from, err, diff)
		}
	}
	for _, id := range []core.ID{doc.Document, core.NewID()} {
		if _, err := h.library.Chunks(t.Context(), bob, id, 0, 10); !core.HasCode(err, core.CodeNotFound) {
			t.Errorf("bob reads: %v", err)
		}
	}
	if err := h.library.Remove(t.Context(), ada, doc.Document); err != nil {
		t.Fatal(err)
	}
	if _, err := h.library.Chunks(t.Context(), ada, doc.Document, 0, 10); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("of a deleted document: %v", err)
	}
}

// A cancelled attempt stays where it is: no step moves it on, and only a retry
// opens the next.
func TestCancelEndsTheAttempt(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	doc := h.upload(ada, "policy", 2)
	h.walk(doc, core.Validate)
	if _, err := h.library.Cancel(t.Context(), bob, doc.Document); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("bob cancels: %v", err)
	}
	got, err := h.library.Cancel(t.Context(), ada, doc.Document)
	if err != nil || got.Status != core.Cancelled || got.LastGood != core.ParseValidated || got.Attempt != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	late := core.Job{Stage: core.Chunk, Document: doc.Document, Attempt: 1, Turn: 3}
	if _, err := h.step(late, func(d core.Document) core.Made { return made(core.Chunk, d) }); err == nil {
		t.Error("a late step was kept")
	}
	if _, err := h.library.Cancel(t.Context(), ada, doc.Document); !core.HasCode(err, core.CodeConflict) {
		t.Errorf("a second time: %v", err)
	}
	again, err := h.library.Retry(t.Context(), ada, doc.Document)
	if err != nil || again.Status != core.Uploaded || again.Attempt != 2 {
		t.Fatalf("%+v %v", again, err)
	}
	h.walk(again, core.Finish)
	if events := h.events(doc.Document); !slices.Contains(events, core.Cancelled) || events[len(events)-1] != core.Complete {
		t.Errorf("events %v", events)
	}
}

// What has ended cannot be cancelled, and stays as it was.
func TestCancelOfWhatHasEnded(t *testing.T) {
	h := open(t)
	ada := user(t)
	whole, gone := h.upload(ada, "whole", 2), h.upload(ada, "gone", 2)
	h.walk(whole, core.Finish)
	if err := h.library.Remove(t.Context(), ada, gone.Document); err != nil {
		t.Fatal(err)
	}
	for id, status := range map[core.ID]core.Status{whole.Document: core.Complete, gone.Document: core.Deleting} {
		if _, err := h.library.Cancel(t.Context(), ada, id); !core.HasCode(err, core.CodeConflict) || h.status(ada, id) != status {
			t.Errorf("%s: %v", status, err)
		}
	}
	if _, err := h.library.Cancel(t.Context(), ada, core.NewID()); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("one that never was: %v", err)
	}
}
