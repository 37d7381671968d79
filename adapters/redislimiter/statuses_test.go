package redislimiter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const statusLife = time.Minute // longer than a test: what is gone was taken away

func statuses(t *testing.T, url string, life time.Duration, change ...func(*Config)) *Statuses {
	t.Helper()
	c := Config{URL: url, Secret: []byte("secret"), Wait: 5 * time.Second} // a busy machine is no broken one
	for _, f := range change {
		f(&c)
	}
	s, err := NewStatuses(c, life)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// tallied notes what became of each question.
func tallied(results map[ports.CacheResult]int) func(*Config) {
	return func(c *Config) { c.Cached = func(r ports.CacheResult) { results[r]++ } }
}

// row is the one document of a test, as the database has it.
type row struct {
	now   ports.Standing
	moves int
}

func newRow() *row {
	return &row{now: ports.Standing{Document: core.NewID(), Job: core.NewID(), Name: "policy of ada.pdf", Status: core.Uploaded, LastGood: core.Uploaded, Attempt: 1,
		Timings: map[core.Status]time.Duration{core.Uploaded: time.Second}, Receipt: &core.Receipt{Expected: 2, Parsed: 2, Blank: []int{}, Failed: []int{}, Cut: []int{}},
		Marks: []core.Mark{core.MarkURI}, CreatedAt: time.Unix(1_700_000_000, 5000).UTC(), UpdatedAt: time.Unix(1_700_000_001, 0).UTC()}}
}

// commit moves the document somewhere.
func (r *row) commit(status core.Status) {
	r.moves++
	r.now.Status, r.now.LastGood, r.now.Embedded = status, status, r.moves
}

func (r *row) read() (ports.Standing, error) { return r.now, nil }

func person() ports.Principal { return ports.Principal{User: core.NewID()} }

// One reader's answer is kept for the next, whole, until the document moves.
func TestAStatusIsKeptUntilItMoves(t *testing.T) {
	t.Parallel()
	results := map[ports.CacheResult]int{}
	s := statuses(t, redistest.New(t).URL(), statusLife, tallied(results))
	r, ada, bob := newRow(), person(), person()
	id := r.now.Document
	asked := func(who ports.Principal) ports.Standing {
		t.Helper()
		got, err := s.Standing(t.Context(), who, id, r.read)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for range 3 {
		if diff := cmp.Diff(r.now, asked(ada)); diff != "" {
			t.Error(diff)
		}
	}
	if results[ports.CacheHit] != 2 || results[ports.CacheMiss] != 1 {
		t.Errorf("three questions were %v", results)
	}
	was := r.now
	r.commit(core.Parsed)
	if got := asked(ada); got.Status != was.Status {
		t.Errorf("nothing was kept: %s", got.Status)
	}
	if got := asked(bob); got.Status != core.Parsed {
		t.Error("somebody else is answered from what is the owner's")
	}
	s.Moved(t.Context(), id)
	if got := asked(ada); got.Status != core.Parsed {
		t.Errorf("after the move it is %s", got.Status)
	}
	if results[ports.CacheMoved] != 1 || results[ports.CacheUnmoved] != 0 {
		t.Errorf("the move is counted as %v", results)
	}
	missing := core.Fail(core.CodeNotFound, nil)
	if _, err := s.Standing(t.Context(), ada, core.NewID(), func() (ports.Standing, error) { return ports.Standing{}, missing }); !errors.Is(err, missing) {
		t.Errorf("the reader's error became %v", err)
	}
}

// Nothing of the document can be read in Redis.
func TestStatusesAreSealed(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	s := statuses(t, server.URL(), statusLife)
	r, ada := newRow(), person()
	if _, err := s.Standing(t.Context(), ada, r.now.Document, r.read); err != nil {
		t.Fatal(err)
	}
	options, _ := redis.ParseURL(server.URL())
	client := redis.NewClient(options)
	defer client.Close()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %q, %v", keys, err)
	}
	kept, err := client.HGet(t.Context(), keys[0], "kept").Result()
	if err != nil || kept == "" {
		t.Fatal(err)
	}
	for _, word := range []string{"policy", "ada", "uploaded", r.now.Document.String(), ada.User.String()} {
		if strings.Contains(keys[0]+kept, word) {
			t.Errorf("%q stands in Redis", word)
		}
	}
	if err := client.Set(t.Context(), keys[0], "another hand", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a wrong value is no entry, and is overwritten
		if got, err := s.Standing(t.Context(), ada, r.now.Document, r.read); err != nil || got.Status != core.Uploaded {
			t.Errorf("%v, %v", got.Status, err)
		}
	}
	if kind, _ := client.Type(t.Context(), keys[0]).Result(); kind != "hash" {
		t.Errorf("the entry is a %s still", kind)
	}
}

// Where a move cannot be told, what was kept before is gone when it has lived.
func TestAnUntoldMoveIsSeenInTheEnd(t *testing.T) {
	t.Parallel()
	s := statuses(t, redistest.New(t).URL(), 50*time.Millisecond)
	lost := map[ports.CacheResult]int{}
	cut := statuses(t, "redis://127.0.0.1:1", statusLife, tallied(lost))
	r, ada := newRow(), person()
	if _, err := s.Standing(t.Context(), ada, r.now.Document, r.read); err != nil {
		t.Fatal(err)
	}
	r.commit(core.Complete)
	cut.Moved(t.Context(), r.now.Document)
	if lost[ports.CacheUnmoved] != 1 {
		t.Errorf("the untold move is told as %v", lost)
	}
	for end := time.Now().Add(20 * time.Second); ; { // Redis's own clock ends it
		got, err := s.Standing(t.Context(), ada, r.now.Document, r.read)
		if err != nil || time.Now().After(end) {
			t.Fatalf("it is %s still: %v", got.Status, err)
		}
		if got.Status == core.Complete {
			return
		}
	}
}

// Two processes read, two move the document, one of them cut off from Redis now
// and then; a reader may be overtaken between its reading and its keeping, by
// any number of moves and readers. Whatever happens:
//   - an end is only told while the document is there;
//   - after a move that was told, nothing of before it is told;
//   - what nobody could be told of is at most as old as the last told move.
func TestStatusesUnderAnyInterleaving(t *testing.T) {
	t.Parallel()
	url := redistest.New(t).URL()
	readers := []*Statuses{statuses(t, url, statusLife), statuses(t, url, statusLife)}
	cut := statuses(t, "redis://127.0.0.1:1", statusLife, func(c *Config) { c.Wait = time.Millisecond })
	ada := person()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRow()
		told := 0 // the moves up to the last that was told
		move := func() {
			r.commit(rapid.SampledFrom(core.Statuses()).Draw(rt, "status"))
			if rapid.IntRange(0, 3).Draw(rt, "cut") == 0 {
				cut.Moved(t.Context(), r.now.Document)
				return
			}
			readers[0].Moved(t.Context(), r.now.Document)
			told = r.moves
		}
		var read func(depth int)
		read = func(depth int) {
			least, before := told, r.moves
			s := rapid.SampledFrom(readers).Draw(rt, "reader")
			got, err := s.Standing(t.Context(), ada, r.now.Document, func() (ports.Standing, error) {
				snapshot := r.now
				for range rapid.IntRange(0, 2).Draw(rt, "overtaken") {
					if depth < 2 && rapid.Bool().Draw(rt, "by a reader") {
						read(depth + 1)
					} else {
						move()
					}
				}
				return snapshot, nil
			})
			if err != nil || got.Embedded < least {
				rt.Fatalf("of move %d, after move %d was told: %v", got.Embedded, least, err)
			}
			if got.Status.Terminal() && got.Embedded < before {
				rt.Fatalf("a stale end: %s of move %d, and there were %d", got.Status, got.Embedded, before)
			}
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if rapid.Bool().Draw(rt, "move") {
				move()
			} else {
				read(0)
			}
		}
	})
}

// While Redis is away everybody is answered by the database, and it is found
// again.
func TestStatusesWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	results := map[ports.CacheResult]int{}
	s := statuses(t, server.URL(), statusLife, tallied(results), func(c *Config) { c.Rest = time.Millisecond })
	r, ada := newRow(), person()
	ask := func() {
		t.Helper()
		if got, err := s.Standing(t.Context(), ada, r.now.Document, r.read); err != nil || got.Status != r.now.Status {
			t.Errorf("%s, %v", got.Status, err)
		}
	}
	ask()
	server.Stop()
	for range 10 {
		ask()
		r.commit(core.Parsed)
		s.Moved(t.Context(), r.now.Document)
	}
	if results[ports.CacheError] != 10 || results[ports.CacheUnmoved] != 10 {
		t.Errorf("without Redis: %v", results)
	}
	server.Start()
	for end := time.Now().Add(20 * time.Second); results[ports.CacheHit] == 0 && time.Now().Before(end); {
		ask()
	}
	if results[ports.CacheHit] == 0 {
		t.Errorf("Redis was not found again: %v", results)
	}
}
