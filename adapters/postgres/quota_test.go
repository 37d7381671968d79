package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// beyond is the wait that a quota's refusal names.
func beyond(t *testing.T, err error) time.Duration {
	t.Helper()
	var e *core.Error
	if !errors.As(err, &e) || e.Code != core.CodeQuotaExceeded || e.Kind != core.Busy {
		t.Fatalf("%v, want quota_exceeded", err)
	}
	return e.After
}

// add makes a document under a quota.
func (h *house) add(who principal, content string, perDay int) error {
	d := newDocument(who, content)
	d.PerDay = perDay
	_, err := h.library.Add(h.t.Context(), who, d)
	return err
}

func TestTheQuotaIsExactHoweverManyAddAtOnce(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	var added, refused atomic.Int64
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() {
			err := h.add(ada, fmt.Sprint(n), 10)
			switch {
			case err == nil:
				added.Add(1)
			case core.HasCode(err, core.CodeQuotaExceeded):
				refused.Add(1)
			default:
				t.Errorf("document %d: %v: %v", n, err, errors.Unwrap(err))
			}
		})
	}
	group.Wait()
	rows := h.count(`select count(*) from upload_pipeline.documents where user_id = $1`, ada.User)
	if added.Load() != 10 || refused.Load() != 40 || rows != 10 || len(h.queue.take()) != 10 {
		t.Errorf("%d added, %d refused, %d rows", added.Load(), refused.Load(), rows)
	}
	if err := h.add(bob, "0", 10); err != nil {
		t.Errorf("another owner: %v", err)
	}
}

func TestTheQuotaCountsNewDocumentsOfOneDay(t *testing.T) {
	h := open(t)
	ada := user(t)
	for _, content := range []string{"1", "2"} {
		if err := h.add(ada, content, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.add(ada, "2", 3); !core.HasCode(err, core.CodeDuplicate) {
		t.Fatalf("a duplicate: %v", err)
	}
	third := h.upload(ada, "3", 2) // no bound: it counts all the same
	if _, err := h.library.Cancel(t.Context(), ada, third.Document); err != nil {
		t.Fatal(err)
	}
	if err := h.library.MayAdd(t.Context(), ada, 4); err != nil {
		t.Errorf("a duplicate counts: %v", err)
	}
	if _, err := h.library.Retry(t.Context(), ada, third.Document); err != nil {
		t.Errorf("a retry at the full quota: %v", err)
	}
	if err := h.library.MayAdd(t.Context(), ada, 4); err != nil {
		t.Errorf("a retry counts: %v", err)
	}
	if err := h.library.Remove(t.Context(), ada, third.Document); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{h.library.MayAdd(t.Context(), ada, 3), h.add(ada, "4", 3), h.add(ada, "4", 1)} {
		if wait := beyond(t, err); wait < 23*time.Hour || wait > 24*time.Hour {
			t.Errorf("deleting gave something back, or the wait of %s is wrong", wait)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.documents where user_id = $1`, ada.User); n != 3 {
		t.Errorf("%d documents", n)
	}
}

// The wait ends with the upload that has to leave the window.
func TestTheQuotaSlides(t *testing.T) {
	h := open(t)
	ada := user(t)
	super := h.super()
	for _, age := range []string{"25 hours", "23 hours", "3 hours"} {
		_, err := super.Exec(t.Context(), `insert into upload_pipeline.events (document_id, job_id, user_id, attempt, status, at)
			values ($1, $1, $2, 1, 'uploaded', now() - $3::text::interval)`, core.NewID(), ada.User, age)
		if err != nil {
			t.Fatal(err)
		}
	}
	for perDay, want := range map[int]time.Duration{1: 21 * time.Hour, 2: time.Hour} {
		if wait := beyond(t, h.library.MayAdd(t.Context(), ada, perDay)); wait > want || wait < want-time.Minute {
			t.Errorf("quota %d: %s, want %s", perDay, wait, want)
		}
	}
	if err := h.add(ada, "new", 3); err != nil {
		t.Errorf("yesterday's upload counts: %v", err)
	}
}

func TestL007_TheQuotaReadsNobodyElsesUploads(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	h.upload(bob, "his", 2)
	forged := ada
	forged.User = bob.User // the claims stay ada's
	if err := h.library.MayAdd(t.Context(), forged, 1); err != nil {
		t.Errorf("the row policies are not what decides: %v", err)
	}
	if n := h.count(`select count(*) from pg_indexes where indexname = 'events_uploads'`); n != 1 {
		t.Error("the quota has no index")
	}
}
