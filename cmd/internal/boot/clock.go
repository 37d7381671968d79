package boot

import (
	"context"
	"fmt"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// skewTold is the difference between our clock and the database's from which
// it is told: the queue stamps jobs with ours and fetches them by the
// database's, so that what a clock ahead inserts starts late.
const skewTold = 2 * time.Second

// skewEvery is between looks at the clocks.
const skewEvery = time.Minute

// skewed is what a measured difference means for health.
func skewed(skew time.Duration, now time.Time) ports.Dependency {
	dep := ports.Dependency{Name: nameClock, OK: skew.Abs() <= skewTold, Since: now.UTC()}
	if !dep.OK {
		dep.Code = string(core.CodeClockSkew)
	}
	return dep
}

// refuseSkew is the start's judgement of the clocks.
func refuseSkew(skew, most time.Duration) error {
	if skew.Abs() <= most {
		return nil
	}
	return fmt.Errorf("this machine's clock is %s from the database's, at most CLOCK_SKEW_MAX=%s is taken: set the clock by a time server", skew, most)
}

// JudgeSkew is the start's judgement of a difference: whether it is told, and
// why it is refused.
func (c Config) JudgeSkew(skew time.Duration) (told bool, refused error) {
	return skew.Abs() > skewTold, refuseSkew(skew, c.ClockSkewMax)
}

// lookAtClocks measures the difference at start, and refuses one too large.
func (h *House) lookAtClocks(ctx context.Context) error {
	skew, err := h.instances.Skew(ctx, time.Now)
	if err != nil {
		return fmt.Errorf("ask the database's clock: %w", err)
	}
	h.noteSkew(skew)
	_, refused := h.config.JudgeSkew(skew)
	return refused
}

func (h *House) noteSkew(skew time.Duration) {
	dep := skewed(skew, time.Now())
	h.seen.put(dep)
	if !dep.OK {
		h.log.Warn("clock", "error_class", dep.Code, "ahead_ms", skew.Milliseconds())
	}
}
