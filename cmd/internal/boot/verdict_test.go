package boot_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// The word of a failure is its stage's, whether it failed at once or after its
// last try, and a retry takes the document to the end.
func TestC9_EachStageFailsWithItsOwnWordAndIsRetriedByItsOwner(t *testing.T) {
	for _, leg := range core.Line {
		for _, code := range []core.Code{core.CodeParseFailed, core.CodeDatabaseUnavailable} {
			t.Run(string(leg.Stage)+" "+string(code), func(t *testing.T) {
				r := newRig(t, once)
				who := rigUser(t)
				id := r.upload(who)
				r.work()
				r.walk(leg.Stage).let <- core.Fail(code, errors.New("what the outside said"))
				r.until("the job to be over", func() bool { return slices.Equal(r.jobs(id, leg.Stage), []rigJob{{"cancelled", 1}}) })
				now, want := r.standing(who, id), core.TroubleOf(leg.Stage, core.Fail(code, nil))
				if now.Status != leg.Fails || now.Trouble == nil || *now.Trouble != want || now.LastGood != leg.Meanwhile() {
					t.Fatalf("the document stands at %s after %s, trouble %+v", now.Status, now.LastGood, now.Trouble)
				}
				if _, err := r.library.Retry(t.Context(), who, id); err != nil {
					t.Fatal(err)
				}
				r.letAll(who, id)
				if got := r.standing(who, id); got.Attempt != 2 || got.Trouble != nil {
					t.Errorf("the retried document stands at attempt %d, trouble %v", got.Attempt, got.Trouble)
				}
			})
		}
	}
}

// once leaves each stage a single try.
func once(settings *riverqueue.Settings) {
	for stage, setting := range settings.Stages {
		setting.Attempts = 1
		settings.Stages[stage] = setting
	}
}

// Money or a key: the document waits where it is, and no try is counted.
func TestL027_APausedDocumentStaysWhereItIs(t *testing.T) {
	r := newRig(t)
	who := rigUser(t)
	id := r.upload(who)
	stop := r.work()
	for run, want := range []core.Status{core.EmbeddingInProgress, core.EmbeddingInProgress} {
		held := r.walk(core.Embed)
		held.let <- core.Fail(core.CodeEmbedderCredits, nil)
		r.until("the job to be put off", func() bool { return slices.Equal(r.jobs(id, core.Embed), []rigJob{{"scheduled", 0}}) })
		if got := r.standing(who, id); got.Status != want || got.Trouble != nil {
			t.Errorf("pause %d: the document stands at %s, trouble %v", run+1, got.Status, got.Trouble)
		}
		r.exec(held, dueAgain)
	}
	r.walk(core.Embed).let <- nil
	r.completes(who, id)
	stop()
}

// A stopped worker's document goes on with the next one as if nothing had been.
func TestFM027r_AStoppedStageGoesOnWithTheNextWorker(t *testing.T) {
	r := newRig(t, func(s *riverqueue.Settings) { s.SoftStop = time.Nanosecond })
	who := rigUser(t)
	id := r.upload(who)
	for _, stage := range core.Stages() {
		stop := r.work()
		interrupted := r.walk(stage)
		stop()
		if diff := cmp.Diff([]rigJob{{"available", 0}}, r.jobs(id, stage)); diff != "" {
			t.Errorf("%s after the stop:\n%s", interrupted.stage, diff)
		}
	}
	r.work()
	r.completes(who, id)
}

// River's migrations need a transaction each: a fresh database gets them, and
// can be worked on at once.
func TestRiversMigrationsRunOnAFreshDatabase(t *testing.T) {
	t.Parallel()
	empty := dbtest.New(t, nil)
	if err := db.Migrate(context.Background(), empty.OwnerURL()); err != nil {
		t.Fatal(err)
	}
	var newest int
	var jobs *string
	err := empty.SuperConn().QueryRow(t.Context(), `select max(version), to_regclass('river.river_job')::text from river.river_migration`).Scan(&newest, &jobs)
	if err != nil || newest < 6 || jobs == nil {
		t.Errorf("River is at version %d, table %v, %v", newest, jobs, err)
	}
}
