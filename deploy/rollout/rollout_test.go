package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/deploy/rollout"
)

// clock passes at once; at tells what happens at a time after the start.
type clock struct {
	now time.Time
	at  map[time.Duration]func()
	off time.Duration
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	until := c.off + d
	for when, what := range c.at {
		if when > c.off && when <= until {
			what()
		}
	}
	c.off, c.now = until, c.now.Add(d)
	return ctx.Err()
}

// stage is a platform that notes what is asked of it and fails as it is told.
type stage struct {
	asked    []string
	running  string
	former   string
	fails    map[string]error // by the step, with the release behind it
	triggers map[string]*rollout.Trigger
	blind    error
}

func (s *stage) step(name, release string) error {
	s.asked = append(s.asked, name+" "+release)
	return s.fails[name+" "+release]
}

func (s *stage) Running(context.Context) (rollout.Release, error) {
	return rollout.Release{Name: s.running}, s.fails["running"]
}

func (s *stage) Before(context.Context, rollout.Release) (rollout.Release, error) {
	return rollout.Release{Name: s.former}, s.fails["before"]
}

func (s *stage) Prepare(_ context.Context, name string, _ rollout.Release) (rollout.Release, error) {
	return rollout.Release{Name: name}, s.step("prepare", name)
}

func (s *stage) Preflight(_ context.Context, r rollout.Release) error {
	return s.step("preflight", r.Name)
}
func (s *stage) Migrate(_ context.Context, r rollout.Release) error { return s.step("migrate", r.Name) }
func (s *stage) Smoke(_ context.Context, r rollout.Release) error   { return s.step("smoke", r.Name) }

func (s *stage) Roll(_ context.Context, r rollout.Release) error {
	s.running = r.Name
	return s.step("roll", r.Name)
}

func (s *stage) Triggers(context.Context) (list []rollout.Trigger, err error) {
	for _, t := range s.triggers {
		list = append(list, *t)
	}
	return list, s.blind
}

// try is one rollout of release new over old.
type try struct {
	*stage
	*clock
	said []string
}

func begin() *try {
	return &try{stage: &stage{running: "old", former: "older", fails: map[string]error{}, triggers: map[string]*rollout.Trigger{
		"errors": {Name: "errors", Action: rollout.Undo}, "slow": {Name: "slow", Action: rollout.Undo}, "parser": {Name: "parser", Action: rollout.Page}}},
		clock: &clock{now: time.Unix(1e9, 0), at: map[time.Duration]func(){}}}
}

func (y *try) rollout() rollout.Rollout {
	return rollout.Rollout{Platform: y.stage, Clock: y.clock, Watch: 15 * time.Minute, Every: 30 * time.Second,
		Say: func(format string, args ...any) { y.said = append(y.said, fmt.Sprintf(format, args...)) }}
}

func (y *try) fire(at time.Duration, trigger string) {
	y.at[at] = func() { y.triggers[trigger].Firing = true }
}

var (
	errBad = errors.New("bad")
	way    = []string{"prepare new", "preflight new", "migrate new", "roll new", "smoke new"}
	undone = append(slices.Clone(way), "roll old", "smoke old")
)

// Each way that a release can go: what is done, in which order, what serves in
// the end, and what is said of it.
func TestEveryWayOfARelease(t *testing.T) {
	t.Parallel()
	outside := fmt.Errorf("the parser: %w", rollout.ErrOutside)
	for name, c := range map[string]struct {
		set     func(*try)
		asked   []string
		serves  string
		refusal string // a part of the error; empty: none
	}{
		"all is well":           {func(*try) {}, way, "new", ""},
		"the preflight fails":   {func(y *try) { y.fails["preflight new"] = errBad }, way[:2], "old", "nothing was changed: bad"},
		"the migration fails":   {func(y *try) { y.fails["migrate new"] = errBad }, way[:3], "old", "old still serves: bad"},
		"nothing can be seen":   {func(y *try) { y.blind = errBad }, way[:2], "old", "nothing was changed: bad"},
		"it does not come up":   {func(y *try) { y.fails["roll new"] = errBad }, []string{"prepare new", "preflight new", "migrate new", "roll new", "roll old", "smoke old"}, "old", "rolled back to old: roll: bad; old is smoke-tested again"},
		"the smoke test fails":  {func(y *try) { y.fails["smoke new"] = errBad }, undone, "old", "rolled back to old: smoke test: bad"},
		"5xx after a minute":    {func(y *try) { y.fire(time.Minute, "errors") }, undone, "old", "quiet before the release: errors"},
		"slow after 15 minutes": {func(y *try) { y.fire(15*time.Minute, "slow") }, undone, "old", "quiet before the release: slow"},
		"slow after 16":         {func(y *try) { y.fire(16*time.Minute, "slow") }, way, "new", ""},
		"it fired before":       {func(y *try) { y.triggers["errors"].Firing = true }, way, "new", ""},
		"one fired before, and another after": {func(y *try) { y.triggers["errors"].Firing = true; y.fire(time.Minute, "slow") },
			undone, "old", "quiet before the release: slow"},
		"it fired before, ended, and fires again": {func(y *try) {
			y.triggers["errors"].Firing = true
			y.at[time.Minute] = func() { y.triggers["errors"].Firing = false }
			y.fire(5*time.Minute, "errors")
		}, way, "new", ""},
		"the parser is away":        {func(y *try) { y.fire(time.Minute, "parser") }, way, "new", ""},
		"the smoke meets an outage": {func(y *try) { y.fails["smoke new"] = outside }, append(slices.Clone(way), "smoke new"), "new", "an outside service is away"},
		"an outage that ends": {func(y *try) {
			y.fails["smoke new"] = outside
			y.at[time.Minute] = func() { delete(y.fails, "smoke new") }
		}, append(slices.Clone(way), "smoke new"), "new", ""},
		"an outage that hid a fault": {func(y *try) {
			y.fails["smoke new"] = outside
			y.at[time.Minute] = func() { y.fails["smoke new"] = errBad }
		}, append(append(slices.Clone(way), "smoke new"), "roll old", "smoke old"), "old", "smoke test: bad"},
		"the watch loses sight for a while": {func(y *try) {
			y.at[time.Minute] = func() { y.blind = errBad }
			y.at[3*time.Minute] = func() { y.blind = nil }
			y.fire(2*time.Minute, "errors")
		}, undone, "old", "quiet before the release: errors"},
		"the watch stays blind":     {func(y *try) { y.at[14*time.Minute] = func() { y.blind = errBad } }, way, "new", "could not be read at the end"},
		"the former one fails, too": {func(y *try) { y.fails["smoke new"] = errBad; y.fails["smoke old"] = errors.New("worse") }, undone, "old", "old is not proved to work again: worse"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := begin()
			c.set(y)
			err := y.rollout().Release(t.Context(), "new")
			if (err == nil) != (c.refusal == "") || err != nil && !strings.Contains(err.Error(), c.refusal) {
				t.Errorf("got %v, want %q", err, c.refusal)
			}
			if diff := cmp.Diff(c.asked, y.asked); diff != "" || y.running != c.serves {
				t.Errorf("%s serves: %s\n%s", y.running, diff, strings.Join(y.said, "\n"))
			}
		})
	}
}

// What pages is said once, and not with every look.
func TestAPageIsSaidOnce(t *testing.T) {
	t.Parallel()
	y := begin()
	y.fire(time.Minute, "parser")
	if err := y.rollout().Release(t.Context(), "new"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(strings.Join(y.said, "\n"), "PAGE: parser"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, strings.Join(y.said, "\n"))
	}
}

// An interrupt takes nothing back: a person is there to decide.
func TestAnInterruptLeavesWhatIsThere(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	y := begin()
	y.at[time.Minute] = interrupt
	err := y.rollout().Release(ctx, "new")
	if !errors.Is(err, context.Canceled) || y.running != "new" || !strings.Contains(err.Error(), "new is in and is watched no more") {
		t.Errorf("%s serves: %v", y.running, err)
	}
}

func TestBackProvesTheFormerRelease(t *testing.T) {
	t.Parallel()
	y := begin()
	if err := y.rollout().Back(t.Context()); err != nil || y.running != "older" {
		t.Errorf("%s serves: %v", y.running, err)
	}
	y = begin()
	y.fails["before"] = errBad
	if err := y.rollout().Back(t.Context()); !errors.Is(err, errBad) || y.running != "old" {
		t.Errorf("%s serves: %v", y.running, err)
	}
	y = begin()
	y.fails["smoke older"] = errBad
	if err := y.rollout().Back(t.Context()); !errors.Is(err, errBad) {
		t.Errorf("got %v", err)
	}
}
