package audit_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
)

// records is a database in memory, for what the checker itself compares.
type records struct {
	found    []audit.Violation
	files    []audit.File
	fates    map[core.ID]audit.Fate
	attempts map[core.ID]audit.Attempt
	waiting  []audit.Waiting
}

func (r *records) Violations(context.Context, audit.Options) ([]audit.Violation, error) {
	return r.found, nil
}
func (r *records) Files(context.Context) ([]audit.File, error) { return r.files, nil }
func (r *records) Fates(context.Context, []core.ID) (map[core.ID]audit.Fate, error) {
	return r.fates, nil
}
func (r *records) Attempts(context.Context, []core.ID) (map[core.ID]audit.Attempt, error) {
	return r.attempts, nil
}
func (r *records) Waitings(context.Context) ([]audit.Waiting, error) { return r.waiting, nil }

// patience bounds a wait; nothing is asserted about time.
const patience = time.Minute

// A storage that lost all its files is told of in the end: each file is compared
// with its own finding, and not with every other.
func TestAnEmptyStorageIsLookedAtTwice(t *testing.T) {
	t.Parallel()
	const files = 200_000
	db := &records{files: make([]audit.File, files)}
	for i := range db.files {
		db.files[i] = audit.File{Key: strconv.Itoa(i), Claim: audit.Owned, Document: core.NewID()}
	}
	checker := audit.Checker{Database: db, Files: shelf{}, Now: time.Now, Pause: func(context.Context) error { return nil }}
	found := make(chan int, 1)
	go func() {
		all, err := checker.Storage(t.Context())
		if err != nil {
			t.Error(err)
		}
		found <- len(all)
	}()
	select {
	case n := <-found:
		if n != files {
			t.Errorf("%d of %d lost files are told", n, files)
		}
	case <-time.After(patience):
		t.Fatal("it does not come to an end")
	}
}

// shelf is a storage in memory.
type shelf map[string]string

func (s shelf) List(context.Context, string) iter.Seq2[core.Blob, error] {
	return func(yield func(core.Blob, error) bool) {
		for key, content := range s {
			if !yield(core.Blob{Key: key, Size: int64(len(content)), WrittenAt: time.Now().Add(-time.Hour)}, nil) {
				return
			}
		}
	}
}

func (s shelf) Open(_ context.Context, key string) (io.ReadCloser, core.Blob, error) {
	return io.NopCloser(strings.NewReader(s[key])), core.Blob{Key: key, Size: int64(len(s[key]))}, nil
}

// desk is a parser in memory.
type desk struct {
	copies []audit.Copy
	jobs   []audit.Job
}

func (d *desk) Copies(context.Context) ([]audit.Copy, error) { return d.copies, nil }
func (d *desk) Jobs(context.Context) ([]audit.Job, error)    { return d.jobs, nil }

// scene is one document that is complete and whose copies are gone.
type scene struct {
	audit.Checker
	db       *records
	shelf    shelf
	desk     *desk
	document core.ID
	attempt  core.ID
	key      string
}

func newScene() *scene {
	s := &scene{document: core.NewID(), attempt: core.NewID(), shelf: shelf{}, desk: &desk{}}
	s.key = core.NewID().String() + "/" + s.document.String() + "/original.pdf"
	s.shelf[s.key], s.shelf["canary/x"] = "policy", "canary"
	s.desk.jobs = []audit.Job{{ID: "pjb-1", Attempt: s.attempt.String()}, {ID: "pjb-2", Attempt: "another's"}}
	s.db = &records{
		files:    []audit.File{{Key: s.key, Claim: audit.Owned, Document: s.document, Size: 6, SHA256: sha256.Sum256([]byte("policy"))}},
		fates:    map[core.ID]audit.Fate{s.document: {Born: true, Here: true}},
		attempts: map[core.ID]audit.Attempt{s.attempt: {Document: s.document, Status: core.Complete}},
	}
	s.Checker = audit.Checker{Database: s.db, Files: s.shelf, Reader: s.shelf, Copies: s.desk, Options: audit.Options{Deep: true},
		History: []audit.Act{{Op: audit.OpUpload, ID: s.document, Key: "k", Outcome: audit.OK}},
		Ledger:  &audit.Ledger{ParserJobs: map[string]int{s.attempt.String(): 1}, Tokens: 10, UniqueTokens: 10, Strict: true},
		Now:     time.Now,
		Pause:   func(context.Context) error { return nil }}
	return s
}

func (s *scene) run(t *testing.T) []audit.Violation {
	t.Helper()
	found, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestASceneInOrderHasNoViolation(t *testing.T) {
	t.Parallel()
	if found := newScene().run(t); len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

// Each rule of the checker itself sees its own violation and no other.
func TestEveryRuleOfTheCheckerSeesItsViolation(t *testing.T) {
	t.Parallel()
	other := core.NewID()
	spoil := map[string]func(*scene){
		audit.FileMissing:  func(s *scene) { delete(s.shelf, s.key) },
		audit.FileDiffers:  func(s *scene) { s.shelf[s.key] = "policx" },
		audit.FileOrphaned: func(s *scene) { s.shelf[other.String()+"/"+other.String()+"/original.pdf"] = "x" },
		audit.FileLeft: func(s *scene) {
			s.shelf[other.String()+"/"+other.String()+"/original.pdf"], s.db.fates[other] = "x", audit.Fate{Born: true, Deleted: true}
		},
		audit.FileDoubled:   func(s *scene) { s.shelf["cold/"+s.key] = "policy" },
		audit.FileElsewhere: func(s *scene) { s.shelf["cold/"+s.key] = "policy"; delete(s.shelf, s.key) },
		audit.CopyOrphaned:  func(s *scene) { s.desk.copies = []audit.Copy{{Attempt: s.attempt.String()}} },
		audit.CopyLeft: func(s *scene) {
			s.desk.copies = []audit.Copy{{Attempt: s.attempt.String()}}
			s.db.attempts[s.attempt] = audit.Attempt{Document: s.document, Deleted: true}
		},
		audit.CopyUnknown: func(s *scene) { s.desk.copies = []audit.Copy{{Attempt: other.String()}} },
		audit.ParsedTwice: func(s *scene) {
			s.desk.jobs = append(s.desk.jobs, audit.Job{ID: "pjb-3", Attempt: s.attempt.String()})
		},
		audit.ParseForgotten: func(s *scene) {
			s.db.waiting = []audit.Waiting{{Document: s.document, Attempt: other, Job: "pjb-9"}}
		},
		audit.PaidTwice:  func(s *scene) { s.Ledger.Tokens = 13 },
		audit.UploadLost: func(s *scene) { delete(s.db.fates, s.document) },
		audit.UploadErased: func(s *scene) {
			s.db.fates[s.document] = audit.Fate{Born: true, Deleted: true}
		},
		audit.UploadDoubled: func(s *scene) {
			s.History = append(s.History, audit.Act{Op: audit.OpUpload, ID: other, Key: "k", Outcome: audit.OK})
			s.db.fates[other] = audit.Fate{Born: true}
		},
		audit.DeletionForgot: func(s *scene) {
			s.History = append(s.History, audit.Act{Op: audit.OpDelete, ID: s.document, Outcome: audit.OK})
		},
	}
	for rule, damage := range spoil {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			damage(s)
			found := s.run(t)
			if len(found) != 1 || found[0].Rule != rule {
				t.Errorf("found %+v", found)
			}
		})
	}
}

// A foreign key in the storage may hold a name: it is told by its digest.
func TestAForeignKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.shelf["ada lovelace/claims.pdf"] = "x"
	found := s.run(t)
	if len(found) != 1 || strings.Contains(found[0].Detail, "ada") || found[0].Subject != "ada lovelace/claims.pdf" {
		t.Errorf("found %+v", found)
	}
}

// While a move is under way, or its former file waits to be swept, both tiers
// have the file; a cold one is in order by itself.
func TestAFileInBothTiersByAMoveIsInOrder(t *testing.T) {
	t.Parallel()
	s := newScene()
	hot, cold := s.key, "cold/"+s.key
	s.shelf[cold] = "policy"
	s.db.files = append(s.db.files, audit.File{Key: cold, Claim: audit.Expected})
	if found := s.run(t); len(found) != 0 {
		t.Errorf("under way: found %+v", found)
	}
	s.db.files[0].Key, s.db.files[1].Key = cold, hot
	if found := s.run(t); len(found) != 0 {
		t.Errorf("switched: found %+v", found)
	}
	delete(s.shelf, hot)
	s.db.files = s.db.files[:1]
	if found := s.run(t); len(found) != 0 {
		t.Errorf("cold: found %+v", found)
	}
}

// An object that is young may be on its way by means that are not known here.
func TestOnlyAnOldStrayCanBeMended(t *testing.T) {
	t.Parallel()
	for age, mendable := range map[time.Duration]bool{30 * time.Minute: true, 2 * time.Hour: false} {
		s := newScene()
		s.Options.Orphan, s.shelf["x/y"] = age, "x"
		if found := s.run(t); len(found) != 1 || found[0].Mendable != mendable {
			t.Errorf("orphans from %s on: %+v", age, found)
		}
	}
}

// What was merely in motion is gone at the second look.
func TestOnlyWhatStaysIsTold(t *testing.T) {
	t.Parallel()
	s := newScene()
	stays, goes := audit.Found("event_doubled", s.document, "1"), audit.Found("work_missing", s.document, "parsed")
	s.db.found = []audit.Violation{goes, stays}
	delete(s.shelf, s.key)
	s.Pause = func(context.Context) error {
		s.shelf[s.key], s.db.found = "policy", []audit.Violation{stays, audit.Found("chain_broken", s.document, "new")}
		return nil
	}
	if diff := cmp.Diff([]audit.Violation{stays}, s.run(t)); diff != "" {
		t.Errorf("told:\n%s", diff)
	}
	stopped := errors.New("stopped")
	s.Pause = func(context.Context) error { return stopped }
	if _, err := s.Run(t.Context()); !errors.Is(err, stopped) {
		t.Errorf("a pause that was broken off: %v", err)
	}
}

// A copy that is needed, or about to be removed, is in order.
func TestCopiesThatAreNeededAreInOrder(t *testing.T) {
	t.Parallel()
	for name, attempt := range map[string]audit.Attempt{
		"submitting": {Status: core.Uploaded}, "waiting": {Status: core.ParseQueued},
		"forgetting": {Status: core.Parsed, Busy: true}, "purging": {Deleted: true, Busy: true},
	} {
		s := newScene()
		s.desk.copies, s.db.attempts[s.attempt] = []audit.Copy{{Attempt: s.attempt.String()}, {Attempt: "another's"}}, attempt
		if found := s.run(t); len(found) != 0 {
			t.Errorf("%s: found %+v", name, found)
		}
	}
}

func TestHistoryIsReadLineByLine(t *testing.T) {
	t.Parallel()
	id := core.NewID()
	acts, err := audit.ReadHistory(strings.NewReader(`{"op":"upload","id":"` + id.String() + `","outcome":"ok"}` + "\n\n" + `{"op":"delete","key":"k","outcome":"info"}`))
	if err != nil || len(acts) != 2 || acts[0].ID != id || acts[1].Outcome != audit.Info {
		t.Errorf("read %+v (%v)", acts, err)
	}
	if _, err := audit.ReadHistory(strings.NewReader("ada's policy\n")); err == nil || strings.Contains(err.Error(), "ada") {
		t.Errorf("no act: %v", err)
	}
}

func TestRulesAreATable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rule := range audit.Rules {
		if seen[rule.Name] || rule.Invariant < 1 || rule.Invariant > 6 || rule.Means == "" {
			t.Errorf("rule %+v", rule)
		}
		seen[rule.Name] = true
	}
}

// A job that the parser lost makes room for one more and not for two; of an
// erased document nothing lost is known, unless the books say so.
func TestALostJobMayBeStartedAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		jobs    int
		attempt audit.Attempt
		loses   bool
		want    int
	}{
		"one lost, two jobs":            {2, audit.Attempt{Status: core.Complete, Lost: 1}, false, 0},
		"one lost, three jobs":          {3, audit.Attempt{Status: core.Complete, Lost: 1}, false, 1},
		"erased, two jobs":              {2, audit.Attempt{}, false, 1},
		"erased, a parser that loses":   {core.MaxHandovers, audit.Attempt{}, true, 0},
		"erased, more than are started": {core.MaxHandovers + 1, audit.Attempt{}, true, 1},
	} {
		s := newScene()
		c.attempt.Document = s.document
		s.db.attempts[s.attempt] = c.attempt
		s.Ledger.ParserJobs, s.Ledger.ParserLost = map[string]int{s.attempt.String(): c.jobs}, c.loses
		if found := s.run(t); len(found) != c.want {
			t.Errorf("%s: found %+v", name, found)
		}
	}
}
