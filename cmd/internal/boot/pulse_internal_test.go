package boot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// A loop that hangs fails liveness by its name; once it goes on, so does the
// process. Its work's own bound is not enough: this one heeds no context.
func TestL012_L014_AFrozenLoopFailsLiveness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p, stuck, rounds := newPulse(), make(chan struct{}), 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.loop(ctx, "rescue", 5*time.Second, time.Minute, func(context.Context) {
				if rounds++; rounds == 3 {
					<-stuck
				}
			})
		}()
		p.watch("line", time.Hour)
		time.Sleep(time.Minute) // synctest: its clock jumps there at once, and nobody waits
		if err := p.check(); err != nil {
			t.Errorf("before its time: %v", err)
		}
		time.Sleep(time.Minute) // synctest: its clock jumps there at once, and nobody waits
		if err := p.check(); err == nil || !strings.Contains(err.Error(), "rescue for 1m5") || strings.Contains(err.Error(), "line") {
			t.Errorf("frozen: %v", err)
		}
		close(stuck)
		synctest.Wait()
		if err := p.check(); err != nil {
			t.Errorf("going again: %v", err)
		}
		cancel()
		<-done
		time.Sleep(time.Hour + time.Second) // synctest: its clock jumps there at once, and nobody waits
		if p.check() == nil {
			t.Error("the line is not watched")
		}
		if p.rest(); p.check() != nil {
			t.Error("a process that stops is told to be frozen")
		}
	})
}

// A round is cut off before it freezes its loop, where it heeds its context;
// and the work's failure is progress.
func TestL012_ARoundHasItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := newPulse()
		go p.loop(ctx, "clock", time.Second, 10*time.Second, func(ctx context.Context) { <-ctx.Done() })
		for range 60 {
			time.Sleep(time.Second) // synctest: its clock jumps there at once, and nobody waits
			if err := p.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

type endless struct{ stopped chan struct{} }

func (e endless) Stopped() <-chan struct{} { return e.stopped }

// A line that ends by itself ends the process, with an error.
func TestL014_ALineThatEndsByItselfEndsTheProcess(t *testing.T) {
	t.Parallel()
	line := endless{make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	door := errors.New("a door")
	for name, c := range map[string]struct {
		line ending
		do   func()
		want string
	}{
		"the line": {line, func() { close(line.stopped) }, "the line stopped by itself"},
		"a door":   {nil, func() { failed <- door }, "a door"},
	} {
		c.do()
		if err := untilEnd(ctx, failed, c.line); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	cancel()
	if err := untilEnd(ctx, failed, nil); err != nil {
		t.Errorf("a signal to stop: %v", err)
	}
}

// What a clock's difference means: told from two seconds on, refused beyond
// the setting.
func TestF10_AClockThatIsNotTheDatabasesIsTold(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for skew, want := range map[time.Duration]struct{ told, refused bool }{
		0: {}, 2 * time.Second: {}, -2 * time.Second: {}, 3 * time.Second: {told: true}, -3 * time.Second: {told: true},
		30 * time.Second: {told: true}, 31 * time.Second: {told: true, refused: true}, -time.Hour: {told: true, refused: true},
	} {
		dep := skewed(skew, now)
		if dep.OK == want.told || (dep.Code == string(core.CodeClockSkew)) != want.told {
			t.Errorf("%s: %+v", skew, dep)
		}
		if err := refuseSkew(skew, 30*time.Second); (err != nil) != want.refused {
			t.Errorf("%s: %v", skew, err)
		}
	}
	off, well := skewed(time.Minute, now), skewed(0, now)
	peers := []postgres.Peer{{Age: time.Hour, Outside: []ports.Dependency{off}}, {Outside: []ports.Dependency{well}}}
	if got := clocks(peers, []ports.Dependency{well}); got != nil {
		t.Errorf("a dead process's clock counts: %+v", got)
	}
	if got := clocks(append(peers, postgres.Peer{Outside: []ports.Dependency{off}}), []ports.Dependency{well}); len(got) != 1 || got[0].OK {
		t.Errorf("one that is wrong is made up for: %+v", got)
	}
}
