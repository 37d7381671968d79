package boot_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// archives gives the world an archive: a bucket beside its own, or a folder. The
// rounds that move files are the test's, those that sweep come each second.
func (w *world) archives() {
	w.config.Archive = boot.ArchiveConfig{Bucket: "archive-local", After: 30 * 24 * time.Hour, Every: time.Hour}
	if w.config.StorageProvider == "filestore" {
		w.config.Archive.Bucket, w.config.Archive.Dir = "", w.t.TempDir()
	}
	w.config.SweepEvery = time.Second
}

// keeps is the operator's hand, once the round that a worker begins with is
// over: what moves from then on moves by this hand.
func (w *world) keeps() *boot.Keeper {
	w.t.Helper()
	w.begun("archive")
	return w.keeper()
}

// unread lets every file be one that nobody has read for long.
func (w *world) unread() {
	w.t.Helper()
	w.exec(`update upload_pipeline.documents set created_at = now() - interval '60 days', file_read_at = now() - interval '60 days'`)
	w.exec(`update upload_pipeline.upload_jobs set status_since = now() - interval '60 days'`)
}

// retains runs a round as an operator, after its dry run, and gives what of the
// archive both tell.
func (w *world) retains(keeper *boot.Keeper) (from, to int) {
	w.t.Helper()
	told, err := keeper.Due(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	done, err := keeper.Retain(w.t.Context(), core.Audit{Operator: "grace"})
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(told, done); diff != "" {
		w.t.Errorf("told and done:\n%s", diff)
	}
	return done[len(done)-2].Rows, done[len(done)-1].Rows
}

// sweeps lets what moves have left be as old as the sweep wants it, and waits.
func (w *world) sweeps() {
	w.t.Helper()
	w.exec(`update upload_pipeline.storage_intents set created_at = now() - interval '2 hours', moving_until = null`)
	w.until("the sweep", func() bool { return w.count(`select count(*) from upload_pipeline.storage_intents`) == 0 })
}

// cold counts the objects of the archive.
func (w *world) cold() int {
	w.t.Helper()
	if w.config.StorageProvider != "filestore" {
		return len(w.supa.Objects(w.config.Archive.Bucket))
	}
	found, err := filepath.Glob(filepath.Join(w.config.Archive.Dir, w.config.Bucket(), "objects", "cold", "*", "*", "*~", "bytes"))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found)
}

// lie says how many objects there are, hot and cold.
func (w *world) lie(when string, hot, cold int) {
	w.t.Helper()
	if diff := cmp.Diff([]int{hot, cold}, []int{w.objects(), w.cold()}); diff != "" {
		w.t.Errorf("%s, objects hot and cold:\n%s", when, diff)
	}
}

// link is an address of the storage's own.
func (p person) link(id string) string {
	p.w.t.Helper()
	var link struct {
		URL string `json:"url"`
	}
	if status := p.w.call(http.MethodGet, p.w.api+"/documents/"+id+"/file/link", p.token, nil, &link); status != http.StatusOK {
		p.w.t.Fatalf("the link answered %d", status)
	}
	return link.URL
}

// A file goes to the archive, is read and searched there as before, comes back
// once it was read, and an address given out meanwhile reads it all the while.
func TestAnArchivedFileIsReadAndComesBack(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.archives()
		w.open(boot.Dev, w.front())
		ada := w.person("ada")
		content := corpus.MemberCard().Bytes
		sent := ada.announced("card.pdf", len(content)) // whose intent outlives its file's first place
		if status := w.sent(sent, content); status/100 != 2 {
			t.Fatalf("the file was answered %d", status)
		}
		id := sent.DocumentID
		w.until("the file to be taken", func() bool { _, s := ada.status(id); return s.Status == core.Complete })
		reads := func(when, address string) {
			ada.readsFile("/documents/"+id+"/file", content)
			if status, _, got := w.read(address); status != http.StatusOK || !bytes.Equal(got, content) {
				t.Errorf("%s: the address answered %d with %d bytes", when, status, len(got))
			}
			if found := ada.search("deductible", 5); len(found) == 0 {
				t.Errorf("%s: nothing is found", when)
			}
		}
		keeper, address := w.keeps(), ada.link(id)
		w.unread()
		if from, to := w.retains(keeper); from != 0 || to != 1 {
			t.Fatalf("%d came back and %d went", from, to)
		}
		w.lie("switched", 1, 1)
		if status, _, got := w.read(address); status != http.StatusOK || !bytes.Equal(got, content) {
			t.Errorf("an address of before the switch answered %d", status)
		}
		w.exec(`update upload_pipeline.upload_intents set address_until = now() - interval '1 day'`) // it was sixty days ago
		w.sweeps()
		w.lie("cold", 0, 1)
		if from, to := w.retains(keeper); from != 0 || to != 0 {
			t.Errorf("unread, %d came back and %d went", from, to)
		}
		address = ada.link(id)
		reads("cold", address)
		if from, to := w.retains(keeper); from != 1 || to != 0 {
			t.Errorf("read, %d came back and %d went", from, to)
		}
		reads("coming back", address)
		w.sweeps()
		w.lie("hot again", 1, 0)
		reads("hot again", ada.link(id))
	})
}

// An operator moves one document, and the log says who did it; what is held
// stays. Nothing starts without the archive that has somebody's file.
func TestAnOperatorMovesOneFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archives()
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	keeper, by := w.keeps(), core.Audit{Operator: "oncall", Reason: "OPS-21"}
	move := func(to core.Tier) (bool, error) { return keeper.Move(t.Context(), idOf(t, id), to, by) }
	hold := core.Hold{Document: idOf(t, id), Reason: "CASE-1", Operator: "oncall"}
	if _, err := keeper.SetHold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	if _, err := move(core.Cold); !core.HasCode(err, core.CodeLegalHold) {
		t.Errorf("a held document: %v", err)
	}
	if _, err := keeper.LiftHold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if moved, err := move(core.Cold); moved != want || err != nil {
			t.Errorf("moved: %t, want %t (%v)", moved, want, err)
		}
	}
	w.halt()
	without := w.config.Archive
	w.config.Archive = boot.Defaults().Archive
	if why := w.refused(boot.Worker); !strings.Contains(why, "ARCHIVE_BUCKET") {
		t.Errorf("without the archive the worker says %q", why)
	}
	w.config.Archive = without
	if moved, err := move(core.Hot); !moved || err != nil {
		t.Errorf("back: %t (%v)", moved, err)
	}
	if log := w.text(`select string_agg(action || ' by ' || operator || ' for ' || reason, ', ' order by at)
		from upload_pipeline.operations_log where action like '%archive'`); log != "archive by oncall for OPS-21, unarchive by oncall for OPS-21" {
		t.Errorf("the log: %s", log)
	}
}

// archiving is a world with an archive, and a document of ada's that is complete.
func archiving(t *testing.T) (w *world, ada person, id string, content []byte) {
	t.Helper()
	w, content = newWorld(t), corpus.MemberCard().Bytes
	w.archives()
	w.start(boot.Dev)
	ada = w.person("ada")
	id = ada.taken("card.pdf", content)
	ada.completes(id)
	w.idle()
	return w, ada, id, content
}

// A storage in trouble at any call of a move loses nothing: the file is read all
// the while, and the next round ends the move with one copy.
func TestAStorageInTroubleDelaysAMove(t *testing.T) {
	t.Parallel()
	w, ada, id, content := archiving(t)
	keeper, to := w.keeps(), core.Cold
	for _, fault := range []supabasetest.Fault{
		{Op: supabasetest.OpUpload, Do: supabasetest.ServerError}, {Op: supabasetest.OpUpload, Do: supabasetest.LostAnswer, Times: 1},
		{Op: supabasetest.OpUpload, Do: supabasetest.HalfWritten, Times: 1}, {Op: supabasetest.OpUpload, Do: supabasetest.Vanish},
		{Op: supabasetest.OpDownload, Do: supabasetest.Truncated}, {Op: supabasetest.OpInfo, Do: supabasetest.BadGateway},
	} {
		w.supa.Break(fault)
		moved, err := keeper.Move(t.Context(), idOf(t, id), to, core.Audit{Operator: "oncall"})
		w.supa.Mend()
		ada.readsFile("/documents/"+id+"/file", content)
		if !moved && core.HasCode(err, core.CodeFileChanged) { // given up: what lies there is swept first
			w.sweeps()
		}
		if !moved {
			if moved, err = keeper.Move(t.Context(), idOf(t, id), to, core.Audit{Operator: "oncall"}); !moved || err != nil {
				t.Errorf("%+v: the next round: %t (%v)", fault, moved, err)
			}
		}
		w.sweeps()
		ada.readsFile("/documents/"+id+"/file", content)
		if to = core.Cold; w.cold() == 1 {
			to = core.Hot
		}
		if w.objects()+w.cold() != 1 {
			t.Errorf("%+v: %d objects hot, %d cold", fault, w.objects(), w.cold())
		}
	}
}

// A worker killed while it copies, or while it compares, leaves a move that can
// be taken up; a deletion of the document takes away all of it.
func TestAWorkerKilledInAMoveLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w, ada, id, content := archiving(t)
	w.halt()
	w.start(boot.API)
	w.unread()
	w.killedInAMove(supabasetest.OpUpload)
	ada.readsFile("/documents/"+id+"/file", content)
	key := core.InTier(w.text(`select storage_key from upload_pipeline.documents`), core.Cold)
	err := w.bucket(w.config.Archive.Bucket).Put(t.Context(), key, bytes.NewReader(content), int64(len(content)), "application/pdf")
	if err != nil && !core.HasCode(err, core.CodeStorageConflict) { // the copy comes all the same, at the latest now
		t.Fatal(err)
	}
	w.unread()
	w.killedInAMove(supabasetest.OpDownload)
	w.lie("killed while it compared", 1, 1)
	ada.readsFile("/documents/"+id+"/file", content)
	w.deletesWhileMoving(ada, id)
}

// killedInAMove runs a worker that has one round of the archive to do, and kills
// it once it has begun a move, whose call it never gets an answer to.
func (w *world) killedInAMove(at supabasetest.Op) {
	w.t.Helper()
	c := w.child(boot.Worker)
	gate := make(chan struct{})
	defer close(gate)
	w.supa.Break(supabasetest.Fault{Op: at, Do: supabasetest.Held, Gate: gate})
	begun := func() string {
		return w.text(`select coalesce(max(moving_until)::text, '') from upload_pipeline.storage_intents`)
	}
	before := begun()
	w.exec(`insert into river.river_job (kind, queue, args, max_attempts, state) values ('archive', 'upkeep', '{}', 1, 'available')`)
	w.until("a move to be under way", func() bool { return begun() != before })
	c.signal(syscall.SIGKILL)
	<-c.ended
	w.supa.Mend()
}

// deletesWhileMoving deletes a document whose move a dead worker has left: the
// purge waits for the time of the move, and then leaves nothing in either place.
func (w *world) deletesWhileMoving(ada person, id string) {
	w.t.Helper()
	if n := w.count(`select count(*) from upload_pipeline.storage_intents where moving_until > now()`); n != 1 {
		w.t.Fatalf("%d moves are under way", n)
	}
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
		w.t.Fatalf("the delete answered %d", status)
	}
	w.start(boot.Worker)
	w.until("the purge to wait", func() bool {
		return w.count(`select count(*) from river.river_job where kind = 'purge' and metadata ? 'snoozes'`) == 1
	})
	w.lie("waiting", 1, 1)
	w.exec(`update upload_pipeline.storage_intents set moving_until = now()`)
	w.exec(`update river.river_job set state = 'available', scheduled_at = now() where kind = 'purge' and state = 'scheduled'`) // the wait is over
	w.until("the document to be gone", func() bool { status, _ := ada.status(id); return status == http.StatusNotFound })
	w.lie("deleted", 0, 0)
	w.receipted(ada, w.person("bob"), id)
}

// The database came back from before a move, or somebody copied a file: the
// sweep does not remove the only one, and verify names and mends both.
func TestAFileInTheWrongPlaceIsFoundAndMended(t *testing.T) {
	t.Parallel()
	w, ada, id, content := archiving(t)
	key := w.text(`select storage_key from upload_pipeline.documents`)
	if moved, err := w.keeps().Move(t.Context(), idOf(t, id), core.Cold, core.Audit{Operator: "oncall"}); !moved || err != nil {
		t.Fatal(moved, err)
	}
	w.sweeps()
	w.exec(`update upload_pipeline.documents set storage_key = $1, cold_since = null`, key)
	w.exec(`insert into upload_pipeline.storage_intents (storage_key, user_id, created_at) select 'cold/' || storage_key, user_id, now() - interval '1 day'
		from upload_pipeline.documents`) // as it stood in the midst of the move
	w.logs.forget()
	w.until("the sweep to find it", func() bool { return strings.Contains(w.logs.String(), string(core.CodeFileMissing)) })
	w.lie("after the sweep", 0, 1)
	ada.readsFile("/documents/"+id+"/file", content)
	w.mends(audit.FileElsewhere, 1)
	w.lie("mended", 0, 1)
	w.sweeps()
	w.put(key, content)
	w.mends(audit.FileDoubled, 1)
	w.sweeps()
	w.lie("mended again", 0, 1)
	ada.readsFile("/documents/"+id+"/file", content)
}

// mends looks, finds so much by one rule and nothing else, and mends it.
func (w *world) mends(rule string, n int) {
	w.t.Helper()
	hand := w.looks(w.t.Context())
	defer hand.Close()
	look := boot.Look{Options: audit.Options{Late: time.Hour, Orphan: 48 * time.Hour, Deep: true}}
	found, err := hand.Run(w.t.Context(), look)
	if err != nil || len(found) != n || found[0].Rule != rule {
		w.t.Fatalf("found %+v (%v)", found, err)
	}
	for i := range found {
		found[i].Mendable = true // young ones, too
	}
	if mended, err := hand.Mend(w.t.Context(), found); err != nil || len(mended) != n {
		w.t.Fatalf("mended %+v (%v)", mended, err)
	}
	if found, err := hand.Run(w.t.Context(), look); err != nil || len(found) != 0 {
		w.t.Errorf("after mending: %+v (%v)", found, err)
	}
}
