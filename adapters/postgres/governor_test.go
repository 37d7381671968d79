package postgres_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// call is a paid call of a batch of 100 tokens at 10 each.
func call(lane core.Lane) core.Call {
	return core.Call{ID: core.NewID(), Provider: "openai", Account: "a1", Window: time.Minute, Tokens: 100, Cost: 1000, Price: "openai/m@2026-01-01",
		Payer: core.Payer{Kind: core.PaidEmbed, User: core.NewID(), Document: core.NewID(), Attempt: 1, Lane: lane}}
}

func charged(c core.Call) core.Bill {
	return core.Bill{State: core.BillCharged, Tokens: c.Tokens, Cost: c.Cost}
}

// desks are the governors of two replicas.
func (h *house) desks() []*postgres.Governor {
	return []*postgres.Governor{postgres.NewGovernor(h.work), postgres.NewGovernor(h.pool("inav_worker"))}
}

// forget lets every desk begin anew.
func (h *house) forget() {
	h.t.Helper()
	if _, err := h.super().Exec(h.t.Context(), `truncate upload_pipeline.provider_calls, upload_pipeline.provider_paces`); err != nil {
		h.t.Fatal(err)
	}
}

// ask lets n calls begin at once, in turns at each desk, and gives those that
// were let through and how many were refused for the budget.
func (h *house) ask(n int, pace core.Pace, lane core.Lane) (through []core.Call, spent int) {
	h.t.Helper()
	if pace.Lease == 0 {
		pace.Lease = time.Hour
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	desks := h.desks()
	for i := range n {
		group.Go(func() {
			c := call(lane)
			turn, err := desks[i%len(desks)].Begin(h.t.Context(), c, pace)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				h.t.Error(err, errors.Unwrap(err))
			case turn.Go:
				through = append(through, c)
			case turn.Spent:
				spent++
			case turn.Wait <= 0:
				h.t.Error("a refusal without a wait")
			}
		})
	}
	group.Wait()
	return through, spent
}

// begun is one call that was let through.
func (h *house) begun(pace core.Pace) core.Call {
	h.t.Helper()
	through, _ := h.ask(1, pace, core.Interactive)
	if len(through) != 1 {
		h.t.Fatal("one call does not get through")
	}
	return through[0]
}

func TestReplicasNeverTakeTheSameRoom(t *testing.T) {
	h := open(t)
	for name, pace := range map[string]core.Pace{
		"requests":                       {Requests: 7, Window: 24 * time.Hour},
		"tokens":                         {Tokens: 7 * 100},
		"calls":                          {Calls: 7},
		"requests, with tokens to spare": {Requests: 7, Window: 24 * time.Hour, Tokens: 100_000},
		"tokens, with requests to spare": {Requests: 1000, Window: 24 * time.Hour, Tokens: 7 * 100},
		"calls, with money to spare":     {Calls: 7, Budget: 1e9},
	} {
		h.forget()
		if through, _ := h.ask(30, pace, core.Interactive); len(through) != 7 {
			t.Errorf("%s: %d calls of 7 went through", name, len(through))
		}
	}
}

func TestBulkLeavesRoomToThoseWhoWait(t *testing.T) {
	h := open(t)
	for name, pace := range map[string]core.Pace{
		"requests": {Requests: 10, Window: 24 * time.Hour}, "calls": {Calls: 10},
	} {
		h.forget()
		bulk, _ := h.ask(20, pace, core.Bulk)
		few, _ := h.ask(20, pace, core.Interactive)
		if len(bulk) != 9 || len(few) != 1 {
			t.Errorf("%s: %d bulk calls, then %d interactive ones, of 10", name, len(bulk), len(few))
		}
	}
}

func TestACallThatEndsMakesRoomAndCostsOnce(t *testing.T) {
	h := open(t)
	pace := core.Pace{Calls: 1}
	through, _ := h.ask(3, pace, core.Interactive)
	if len(through) != 1 {
		t.Fatalf("%d calls at once", len(through))
	}
	for range 2 { // a settlement whose answer was lost is sent again
		if err := h.desks()[1].End(t.Context(), through[0], charged(through[0])); err != nil {
			t.Fatal(err)
		}
	}
	if again, _ := h.ask(3, pace, core.Interactive); len(again) != 1 {
		t.Errorf("%d calls after the first has ended", len(again))
	}
	if n := h.count(`select count(*) from upload_pipeline.costs where tokens = 100 and nanousd = 1000 and state = 'charged'`); n != 1 {
		t.Errorf("%d entries", n)
	}
	spending, err := h.desks()[0].Spending(t.Context())
	if err != nil || spending.Spent != 1000 || spending.Reserved != 1000 || spending.By["openai"] != 1000 || spending.Month.Day() != 1 {
		t.Errorf("spending is %+v, %v", spending, err)
	}
}

// However many ask at once, what is spent and reserved stays within the budget.
func TestS40_TheBudgetHoldsAcrossReplicas(t *testing.T) {
	h := open(t)
	pace := core.Pace{Budget: 5500}
	through, spent := h.ask(40, pace, core.Interactive)
	if len(through) != 5 || spent != 35 {
		t.Fatalf("%d went through, %d were refused", len(through), spent)
	}
	for i, c := range through {
		bill := charged(c)
		if i < 2 {
			bill = core.Bill{} // refused by the provider: it costs nothing
		}
		if err := h.desks()[0].End(t.Context(), c, bill); err != nil {
			t.Fatal(err)
		}
	}
	if again, _ := h.ask(40, pace, core.Bulk); len(again) != 2 {
		t.Errorf("%d more, with 3000 of 5500 spent", len(again))
	}
	if n := h.count(`select (select sum(nanousd) from upload_pipeline.spending) + (select sum(nanousd) from upload_pipeline.provider_calls)`); n != 5000 {
		t.Errorf("%d spent and reserved", n)
	}
}

// A process that died leaves its lease: what it holds is free again after it,
// and what it paid for is counted, once, whoever tells of it later.
func TestADeadProcessHoldsNothingAndItsCallIsCounted(t *testing.T) {
	h := open(t)
	pace := core.Pace{Calls: 1, Lease: -time.Second}
	dead := h.begun(pace)
	parse := call(core.Interactive)
	parse.Payer.Kind = core.PaidParse
	if turn, err := h.desks()[0].Begin(t.Context(), parse, pace); err != nil || !turn.Go {
		t.Fatalf("the dead still hold the call: %+v %v", turn, err)
	}
	for want := 2; want >= 0; want -= 2 {
		if n, err := h.desks()[0].Abandoned(t.Context(), 100); err != nil || n != want {
			t.Errorf("%d settled, want %d: %v", n, want, err)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.costs where state = 'assumed' and kind = 'embed'`); n != 1 {
		t.Errorf("%d assumed", n)
	}
	late := core.Bill{State: core.BillCharged, Tokens: 60, Cost: 600} // it was only slow
	if err := h.desks()[1].End(t.Context(), dead, late); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`select sum(nanousd) from upload_pipeline.costs where state = 'charged'`); n != 600 {
		t.Errorf("%d charged", n)
	}
	if n := h.count(`select sum(nanousd) from upload_pipeline.spending`); n != 600 {
		t.Errorf("%d in the sums", n)
	}
}

// What the provider says to one process holds for all of them.
func TestWhatTheProviderSaysHoldsForEveryProcess(t *testing.T) {
	h := open(t)
	pace := core.Pace{Requests: 10, Window: time.Minute, Tokens: 10_000, Lease: time.Hour}
	first := h.begun(pace)
	room := charged(first)
	room.Room = &core.Room{Requests: 1, Tokens: 0}
	if err := h.desks()[0].End(t.Context(), first, room); err != nil {
		t.Fatal(err)
	}
	if turn, err := h.desks()[1].Begin(t.Context(), call(core.Interactive), pace); err != nil || turn.Go || turn.Wait > time.Minute {
		t.Errorf("with no token left: %+v %v", turn, err)
	}
	h.forget()
	if err := h.desks()[0].End(t.Context(), h.begun(pace), core.Bill{Closed: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if turn, err := h.desks()[1].Begin(t.Context(), call(core.Interactive), pace); err != nil || turn.Go || turn.Wait < 50*time.Minute {
		t.Errorf("told to wait an hour: %+v %v", turn, err)
	}
}

func TestTheParserIsGivenSoManyDocuments(t *testing.T) {
	h := open(t)
	ada := user(t)
	for _, content := range []string{"a", "b", "c"} {
		h.walk(h.upload(ada, content, 2), core.Parse)
	}
	if through, _ := h.ask(5, core.Pace{Jobs: 4}, core.Interactive); len(through) != 1 {
		t.Errorf("%d more where the parser holds 3 of 4", len(through))
	}
}

// The API pays for questions and for nothing else, and cannot see who pays.
func TestTheAPIPaysForQuestionsAlone(t *testing.T) {
	h := open(t)
	desk := postgres.NewGovernor(h.app)
	pace := core.Pace{Calls: 1, Requests: 100, Window: time.Minute, Tokens: 1000, Lease: time.Hour, Budget: 1e9}
	question := call(core.Interactive)
	question.Payer = core.Payer{Kind: core.PaidSearch, User: question.Payer.User, Lane: core.Interactive}
	for range 2 {
		if turn, err := desk.Begin(t.Context(), question, pace); err != nil || !turn.Go {
			t.Fatalf("%+v %v", turn, err)
		}
		bill := charged(question)
		bill.Room, bill.Closed = &core.Room{Requests: 1, Tokens: 1}, time.Nanosecond
		if err := desk.End(t.Context(), question, bill); err != nil {
			t.Fatal(err)
		}
	}
	if spending, err := desk.Spending(t.Context()); err != nil || spending.Spent != 1000 {
		t.Errorf("%+v %v", spending, err)
	}
	if _, err := desk.Begin(t.Context(), call(core.Interactive), pace); err == nil {
		t.Error("the API began a batch")
	}
	if err := desk.End(t.Context(), call(core.Interactive), charged(call(core.Interactive))); err == nil {
		t.Error("the API entered a batch")
	}
	for _, sql := range []string{`select user_id from upload_pipeline.costs`, `select user_id from upload_pipeline.provider_calls`,
		`delete from upload_pipeline.costs`, `delete from upload_pipeline.spending`} {
		if _, err := h.app.Exec(t.Context(), sql); sqlState(err) != denied {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// The parser's own usage takes the estimate's place, in the step's transaction,
// and outlives the document.
func TestTheLedgerOfOneDocument(t *testing.T) {
	h := open(t)
	ada := user(t)
	doc := h.upload(ada, "a", 2)
	h.walk(doc, core.Parse)
	job := "pjb-" + doc.Job.String()
	estimate := call(core.Interactive)
	estimate.Provider, estimate.Payer = "llamaparse", core.Payer{Kind: core.PaidParse, User: ada.User, Document: doc.Document, Attempt: 1}
	for range 2 { // submitted, and found again after a crash
		estimate.ID = core.NewID()
		if err := h.desks()[0].End(t.Context(), estimate, core.Bill{State: core.BillEstimated, Ref: job, Pages: 2, Cost: 7500}); err != nil {
			t.Fatal(err)
		}
	}
	text := made(core.Receive, core.Document{}).(core.Text)
	text.Charge = &core.Charge{Provider: "llamaparse", Ref: job, Pages: 2, Credits: 9, Cost: 11_250, Price: "llamaparse/x@2026-01-01"}
	receive := core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: 1}
	if _, err := h.step(receive, func(core.Document) core.Made { return text }); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`select count(*) from upload_pipeline.costs where state = 'charged' and pages = 2 and credits = 9 and nanousd = 11250`); n != 1 {
		t.Errorf("%d such entries", n)
	}
	for who, want := range map[core.ID]int64{ada.User: 1, core.NewID(): 0} {
		claims, _ := json.Marshal(map[string]string{"sub": who.String()})
		if n, err := h.try(h.app, "authenticated", claims, `select from upload_pipeline.costs`); err != nil || n != want {
			t.Errorf("%s reads %d entries, %v", who, n, err)
		}
	}
	if n := h.count(`select sum(nanousd) from upload_pipeline.spending`); n != 11_250 {
		t.Errorf("the sum is %d", n)
	}
	if err := h.library.Remove(t.Context(), ada, doc.Document); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Erase(t.Context(), doc.Document, nil, nil); err != nil {
		t.Fatal(err)
	}
	payers, err := h.desks()[0].Payers(t.Context(), 10)
	if err != nil || len(payers) != 1 || *payers[0].User != ada.User || payers[0].Spent != 11_250 || payers[0].Documents != 1 {
		t.Errorf("payers %+v, %v", payers, err)
	}
}

// BenchmarkGovernor is one paid call's way past the desk: begun and ended.
func BenchmarkGovernor(b *testing.B) {
	pool, err := postgres.Open(b.Context(), postgres.Options{URL: dbtest.New(b, db.Schemas{}).URL("inav_worker"), Role: "inav_worker", Name: "bench", MaxConns: 8})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	desk := postgres.NewGovernor(pool)
	pace := core.Pace{Requests: 1e9, Window: time.Minute, Tokens: 1e9, Calls: 1000, Lease: time.Minute, Budget: 1e18}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c := call(core.Interactive)
			turn, err := desk.Begin(b.Context(), c, pace)
			if err != nil || !turn.Go {
				b.Fatalf("%+v %v", turn, err)
			}
			if err := desk.End(b.Context(), c, charged(c)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
