package boot_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/s3archive/s3archivetest"
	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// backups is the bucket of a region.
const backups = "navigator-backup"

// inBucket is a place of backups in the bucket of a store.
func inBucket(store *s3archivetest.Server, key string) safe {
	return safe{dir: "s3://" + backups + "/production", key: key, more: []string{"BACKUP_S3_ENDPOINT=" + store.URL, "BACKUP_S3_REGION=" + s3archivetest.Region,
		"BACKUP_S3_ACCESS_KEY=" + s3archivetest.AccessKey, "BACKUP_S3_SECRET_KEY=" + s3archivetest.SecretKey}}
}

// region is all of a deployment that one disaster takes: the services, the
// server of the database, the storage, and the store of the backups.
type region struct {
	*world
	cluster *dbtest.Cluster
	store   *s3archivetest.Server
	safe    safe
}

// founded is a region at work.
func founded(t *testing.T) *region {
	t.Helper()
	r := &region{cluster: dbtest.NewCluster(t), store: s3archivetest.New(t, backups)}
	r.world = newWorldAt(t, r.cluster.New(db.Schemas{}))
	r.config.ParsePolls = []time.Duration{time.Second} // callbacks of a region that is gone are lost
	r.safe = inBucket(r.store, newSafe(t).key)
	return r
}

// other is an empty region: a server without any schema, another storage, and a
// store with the copies of this one's backups.
func (r *region) other() *region {
	r.t.Helper()
	there := &region{cluster: dbtest.NewCluster(r.t), store: s3archivetest.New(r.t, backups)}
	there.world = r.elsewhereAt(there.cluster.New(nil, "inav_app", "inav_worker"))
	there.safe = inBucket(there.store, r.safe.key)
	return there
}

func (r *region) serves() {
	r.t.Helper()
	for _, service := range []boot.Service{boot.API, boot.Worker, boot.Webhook} {
		r.start(service)
	}
}

// dies takes the database, its data and the services, in the middle of what they
// do; nobody asks its storage again.
func (r *region) dies() {
	r.damages() // there is nothing left to look at
	r.cluster.Destroy()
	stop := r.stop
	r.stop = nil
	ended := make(chan struct{})
	go func() { defer close(ended); _ = stop() }() // not orderly: nothing it needs is there
	r.t.Cleanup(func() { <-ended })
}

// name is the address that clients know: it leads to one region.
type name struct{ to atomic.Pointer[url.URL] }

func (n *name) leads(t *testing.T, address string) {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n.to.Store(target)
}

// ServeHTTP implements http.Handler.
func (n *name) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(n.to.Load()) }}).ServeHTTP(w, r)
}

// paper is a document that the service has acknowledged.
type paper struct {
	id string
	at time.Time
}

// sends uploads papers through an address, one after the other.
func (p person) sends(seeds ...uint64) (sent []paper) {
	p.w.t.Helper()
	for _, seed := range seeds {
		sent = append(sent, paper{p.taken("filler.pdf", corpus.Filler(1, seed).Bytes), time.Now()})
	}
	return sent
}

// figures are what a disaster cost.
type figures struct {
	lost  []string      // documents that were acknowledged and are gone
	gap   time.Duration // from the last backup to the end
	first time.Duration // from the end to the first good answer
	whole time.Duration // until everything unfinished has ended
	did   boot.Restored
}

func (f figures) log(t *testing.T, what string) {
	t.Logf("%s: RPO %d documents, %s; RTO %s to the first good answer (restore with its check %s, %d rows, %d files), %s until all is done",
		what, len(f.lost), f.gap.Round(time.Millisecond), f.first.Round(time.Millisecond), f.did.Whole.Round(time.Millisecond), f.did.Rows, f.did.Files,
		f.whole.Round(time.Millisecond))
	for _, id := range f.lost {
		t.Logf("%s: lost is document %s", what, id)
	}
}

// takesOver restores the newest backup in an empty region, leads the name there,
// and looks for every paper.
func (r *region) takesOver(public *name, m vault.Manifest, end time.Time, papers []paper) (f figures) {
	t := r.t.(*testing.T)
	t.Helper()
	done, err := r.safe.restore(r.world, "latest")
	if err != nil || done.Backup != m.ID {
		t.Fatalf("restored %+v, %v", done, err)
	}
	r.mends(done)
	r.serves()
	public.leads(t, r.api)
	r.api = r.serve(public)
	ada := person{r.world, r.signIn("ada")}
	ada.search("member id", 1)
	f = figures{gap: max(0, end.Sub(m.Taken)), first: time.Since(end), did: done}
	for _, one := range papers {
		switch status, _ := ada.status(one.id); {
		case status == http.StatusOK:
			ada.completes(one.id)
		case status == http.StatusNotFound && one.at.After(m.Taken):
			f.lost = append(f.lost, one.id)
		default:
			t.Errorf("document %s, acknowledged %s before the backup, answered %d", one.id, m.Taken.Sub(one.at), status)
		}
	}
	r.idle()
	f.whole = time.Since(end)
	return f
}

// mends removes what the parser holds of documents that are lost, and takes
// nothing else for a finding of its kind.
func (r *region) mends(done boot.Restored) {
	r.t.Helper()
	hand := r.looks(r.t.Context())
	defer hand.Close()
	mended, err := hand.Mend(r.t.Context(), done.Violations)
	if err != nil {
		r.t.Fatal(err)
	}
	if *chunksFlag != smallDrill {
		return // rows that no pipeline made
	}
	for _, one := range done.Violations {
		if one.Rule != audit.CopyOrphaned {
			r.t.Errorf("after the restore: %+v", one)
		}
	}
	if len(mended) != len(done.Violations) {
		r.t.Errorf("of %d findings %d were mended", len(done.Violations), len(mended))
	}
}

// smallDrill is how many chunks the drills have where nobody asks for more.
const smallDrill = 100

// A server is lost with its data, and its storage: a backup in the bucket comes
// back in another server, while the bucket is what it was.
func TestRestoreDrillInAnotherCluster(t *testing.T) {
	t.Parallel()
	a := founded(t)
	a.serves()
	if *chunksFlag != smallDrill {
		a.fills(*chunksFlag)
	}
	ada := a.person("ada")
	whole := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(whole)
	before := append([]paper{{whole, time.Now()}}, ada.sends(11, 12)...) // the last ones are under way
	m := a.safe.backup(a.world)
	after := ada.sends(21, 22, 23)
	b := a.other()
	if *chunksFlag != smallDrill {
		b.damages()
	}
	b.store, b.safe = a.store, a.safe
	public := &name{}
	public.leads(t, a.api)
	end := time.Now()
	a.dies()
	f := b.takesOver(public, m, end, append(before, after...))
	f.log(t, "restore into another server")
	if !slices.Equal(f.lost, ids(after)) {
		t.Errorf("lost are %v, want %v", f.lost, ids(after))
	}
	if n := a.store.Refused(); n != 0 {
		t.Errorf("%d calls would have removed or replaced what the bucket has", n)
	}
}

// What a backup knows as not handed to the parser may have been since: it is found
// there, and not paid for again.
func TestADocumentHandedOverAfterTheBackupIsPaidForOnce(t *testing.T) {
	t.Parallel()
	a := founded(t)
	a.start(boot.API)
	id := a.person("ada").taken("card.pdf", corpus.MemberCard().Bytes)
	a.safe.backup(a.world)
	a.llama.Faults.Hold()
	a.start(boot.Worker)
	a.until("the parser's answer to be kept", func() bool {
		return a.count(`select count(*) from upload_pipeline.upload_jobs where provider_job_id is not null`) == 1
	})
	b := a.other()
	b.store, b.safe = a.store, a.safe
	a.dies()
	if _, err := b.safe.restore(b.world, "latest"); err != nil {
		t.Fatal(err)
	}
	b.serves()
	a.llama.Faults.Release()
	person{b.world, b.signIn("ada")}.completes(id)
	for attempt, n := range a.llama.Ledger().Jobs {
		if n != 1 {
			t.Errorf("the parser was given %d jobs of attempt %s", n, attempt)
		}
	}
}

func ids(papers []paper) (list []string) {
	for _, one := range papers {
		list = append(list, one.id)
	}
	return list
}

// A region is lost with everything in it, and the copy of its backups in another
// region is all there is. The other region takes over, and later gives back: a
// move that is planned loses nothing.
func TestRegionFailoverAndBack(t *testing.T) {
	t.Parallel()
	a := founded(t)
	a.serves()
	public := &name{}
	public.leads(t, a.api)
	a.api = a.serve(public)
	ada := a.person("ada")
	whole := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(whole)
	papers := append([]paper{{whole, time.Now()}}, ada.sends(31, 32)...)
	m := a.safe.backup(a.world)
	b := a.other()
	if n := a.store.Replicate(t, backups, b.store, backups); n < 10 {
		t.Fatalf("only %d objects were copied", n)
	}
	late := ada.sends(41, 42)
	a.safe.backup(a.world) // its region takes it with it: it was not copied yet
	end := time.Now()
	a.dies()
	f := b.takesOver(public, m, end, append(papers, late...))
	f.log(t, "failover to the other region")
	if !slices.Equal(f.lost, ids(late)) {
		t.Errorf("lost are %v, want %v", f.lost, ids(late))
	}

	// The way back: the services rest first, so that the backup has everything.
	papers = append(papers, person{b.world, b.signIn("ada")}.sends(51)...)
	b.idle()
	end = time.Now()
	b.halt()
	m = b.safe.backup(b.world)
	again := b.other()
	b.store.Replicate(t, backups, again.store, backups)
	f = again.takesOver(public, m, end, papers)
	f.log(t, "back again")
	if len(f.lost) != 0 {
		t.Errorf("a move that was planned lost %v", f.lost)
	}
}

// For a person, and for a scheduler: every command over a bucket, and the lines
// that alarms look for.
func TestBucketAtTheTerminal(t *testing.T) {
	t.Parallel()
	w, s, ada := guarded(t)
	store := s3archivetest.New(t, backups)
	s = inBucket(store, s.key)
	ada.taken("ada lovelace.pdf", corpus.MemberCard().Bytes)
	w.halt()
	scratch := dbtest.New(t, nil)
	o := built(w)
	o.environ = append(s.environ(w), "DRILL_DATABASE_URL="+scratch.OwnerURL(), "BACKUP_RENEW=2160h")
	says := func(want int, word string, args ...string) {
		t.Helper()
		code, out, errs := o.piped(args...)
		if code != want || !strings.Contains(out+errs, word) || strings.Contains(out+errs, "lovelace") || strings.Contains(out+errs, s.key) {
			t.Errorf("%v ended with %d: %s%s", args, code, out, errs)
		}
	}
	says(0, `"msg":"backup done"`, "backup", "create", "--log")
	says(0, "1 files (0 copied", "backup", "create")
	says(0, "is whole", "backup", "check")
	says(0, "SCHEMA", "backup", "list")
	says(0, `"msg":"tombstones done"`, "backup", "tombstones", "--log")
	says(1, "lifecycle rules", "backup", "prune")
	says(0, `"msg":"restore drill done"`, "restore", "drill", "--log")
	says(0, "in order", "restore", "drill")
	var left int
	if err := scratch.SuperConn().QueryRow(t.Context(), `select count(*) from pg_namespace where nspname in ('upload_pipeline', 'local_auth', 'navigator_drill')`).
		Scan(&left); err != nil || left != 0 {
		t.Errorf("the drill left %d schemas: %v", left, err)
	}
	o.environ = append(o.environ, "BACKUP_RENEW=1ns")
	says(0, "1 files (1 copied", "backup", "create")
	store.Break(s3archivetest.Denied)
	says(1, `"msg":"backup failed"`, "backup", "create", "--log")
	says(1, `"msg":"tombstones failed"`, "backup", "tombstones", "--log")
	says(1, `"msg":"restore drill failed"`, "restore", "drill", "--log")
	store.Break(nil)
	o.environ = append(o.environ, "DRILL_DATABASE_URL="+w.db.OwnerURL())
	says(1, "it is somebody's", "restore", "drill")
	if n := w.count(`select count(*) from upload_pipeline.documents`); n != 1 || store.Refused() != 0 {
		t.Errorf("after a drill in a database in use there are %d documents, and %d calls were refused", n, store.Refused())
	}
}
