package postgres_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// rankOf is where the document's newest attempt stands, and in which lane.
func (h *house) rankOf(id core.ID) (rank int64, lane core.Lane) {
	h.t.Helper()
	err := h.work.QueryRow(h.t.Context(), `select rank, lane from upload_pipeline.upload_jobs where document_id = $1 order by attempt desc limit 1`, id).
		Scan(&rank, &lane)
	if err != nil {
		h.t.Fatal(err)
	}
	return rank, lane
}

// stack uploads n documents of one owner.
func (h *house) stack(who ports.Principal, n, pages int) (ids []core.ID) {
	for i := range n {
		ids = append(ids, h.upload(who, who.User.String()+strconv.Itoa(i), pages).Document)
	}
	return ids
}

func TestS33_ANewcomerStandsBeforeAnothersThousands(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	adas := h.stack(ada, 60, 1)
	bobs := h.stack(bob, 1, 1)[0]
	own, lane := h.rankOf(bobs)
	if lane != core.Interactive {
		t.Errorf("bob's only document is %s", lane)
	}
	var last int64
	for i, id := range adas {
		rank, lane := h.rankOf(id)
		if rank <= last {
			t.Fatalf("document %d stands before the one uploaded earlier", i)
		}
		if want := i < core.InteractiveFirst; (lane == core.Interactive) != want {
			t.Errorf("document %d is %s", i, lane)
		}
		if i >= core.InteractiveFirst && rank <= own {
			t.Errorf("document %d of 60 stands before bob's only one", i)
		}
		last = rank
	}
	if front := h.queue.ranks[len(h.queue.ranks)-1]; front != own {
		t.Errorf("the job has rank %d, the document %d", front, own)
	}
}

// Two who come with many share evenly: their documents alternate.
func TestTwoBulkUsersAlternate(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	type place struct {
		rank int64
		of   string
	}
	var all []place
	for name, who := range map[string]ports.Principal{"ada": ada, "bob": bob} {
		for _, id := range h.stack(who, 40, 1)[core.InteractiveFirst:] {
			rank, _ := h.rankOf(id)
			all = append(all, place{rank, name})
		}
	}
	slices.SortFunc(all, func(a, b place) int { return int(a.rank - b.rank) })
	adas := 0
	for _, p := range all[:len(all)/2] {
		if p.of == "ada" {
			adas++
		}
	}
	if share := float64(adas) / float64(len(all)/2); share < 0.4 || share > 0.6 {
		t.Errorf("ada has %.0f %% of the first half", share*100)
	}
}

// Large documents count for more, and what has ended counts for nothing.
func TestAPlaceCountsPagesAndWhatIsAlive(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	large, small := h.stack(ada, 8, 500), h.stack(bob, 8, 1)
	adas, _ := h.rankOf(large[7])
	bobs, _ := h.rankOf(small[7])
	if adas-bobs < 7*10*core.RankStep.Milliseconds() {
		t.Errorf("8 documents of 500 pages stand %d ms behind 8 of one", adas-bobs)
	}
	for _, id := range large {
		if _, err := h.library.Cancel(t.Context(), ada, id); err != nil {
			t.Fatal(err)
		}
	}
	again, err := h.library.Retry(t.Context(), ada, large[7])
	if err != nil {
		t.Fatal(err)
	}
	if rank, lane := h.rankOf(again.Document); rank >= bobs || lane != core.Interactive {
		t.Errorf("with nothing alive the next stands at %d as %s, behind bob's eighth", rank, lane)
	}
}

// What carries a document on later stands where the document does.
func TestTheRankStaysWithTheDocument(t *testing.T) {
	h := open(t)
	ada := user(t)
	h.stack(ada, 10, 2)
	doc := h.upload(ada, "the last", 2)
	rank, _ := h.rankOf(doc.Document)
	h.queue.ranks = nil
	h.walk(doc, core.Parse)
	h.due(doc, 0)
	h.reconcile(10)
	h.receive(ports.Callback{Attempt: doc.Job, EventID: "e", Relevant: true})
	if _, err := h.step(core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: 1}, func(d core.Document) core.Made { return made(core.Receive, d) }); err != nil {
		t.Fatal(err)
	}
	if len(h.queue.ranks) < 3 {
		t.Fatalf("%d jobs", len(h.queue.ranks))
	}
	for i, got := range h.queue.ranks[:3] { // the poll's, the callback's, the next stage's
		if got != rank {
			t.Errorf("job %d has rank %d, the document %d", i, got, rank)
		}
	}
}
