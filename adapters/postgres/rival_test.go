package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// An owner who takes a document up again and deletes it in one moment gets one
// of the two, or both in order: never a deleted document with work to do.
func TestRetryAndRemoveAtOnceLeaveNothingAlive(t *testing.T) {
	h := open(t)
	who := user(t)
	retried := 0
	for i := range 40 {
		doc := h.upload(who, fmt.Sprintf("content %d", i), 2)
		if _, err := h.library.Cancel(t.Context(), who, doc.Document); err != nil {
			t.Fatal(err)
		}
		var begin, done sync.WaitGroup
		begin.Add(1)
		var retry, remove error
		done.Go(func() {
			begin.Wait()
			_, retry = h.library.Retry(t.Context(), who, doc.Document)
		})
		done.Go(func() {
			begin.Wait()
			remove = h.library.Remove(t.Context(), who, doc.Document)
		})
		begin.Done()
		done.Wait()
		if remove != nil {
			t.Fatalf("remove: %v", remove)
		}
		switch {
		case retry == nil:
			retried++
		case !core.HasCode(retry, core.CodeConflict) && !core.HasCode(retry, core.CodeNotFound):
			t.Fatalf("retry: %v", retry)
		}
	}
	alive := h.count(`select count(*) from upload_pipeline.documents d join upload_pipeline.upload_jobs j using (document_id)
		where d.user_id = $1 and d.removed_at is not null and j.attempt = d.attempt and j.status <> 'deleting'`, who.User)
	ended := h.count(`select count(*) from upload_pipeline.upload_jobs where user_id = $1 and status = 'deleting'`, who.User)
	if alive != 0 || ended != 40 {
		t.Errorf("%d deleted documents are worked on, %d of 40 attempts are being deleted (%d retried first)", alive, ended, retried)
	}
}
