package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrBlind says that the triggers could not be read when the watch ended: the
// release stays, and nobody knows how it fares.
var ErrBlind = errors.New("the triggers could not be read at the end of the watch")

// errFired is a trigger's word against the release.
var errFired = errors.New("a trigger fired that was quiet before the release")

// watch looks at the triggers until the time is over. One with the action
// rollback that was quiet before the release ends it at once; all others are
// told, once each.
func (o Rollout) watch(ctx context.Context, before map[string]bool) error {
	o.Say("watch: %s", o.Watch)
	told := map[string]bool{}
	var blind error
	for end := o.Clock.Now().Add(o.Watch); o.Clock.Now().Before(end); {
		if err := o.Clock.Wait(ctx, min(o.Every, end.Sub(o.Clock.Now()))); err != nil {
			return err
		}
		triggers, err := o.Platform.Triggers(ctx)
		if blind = err; err != nil {
			o.Say("the triggers cannot be read: %v", err)
		}
		if err := o.fired(triggers, before, told); err != nil {
			return err
		}
	}
	if blind != nil {
		return fmt.Errorf("%w: %w", ErrBlind, blind)
	}
	o.Say("watch: over, and nothing speaks against the release")
	return nil
}

func (o Rollout) fired(triggers []Trigger, before, told map[string]bool) error {
	for _, t := range triggers {
		switch {
		case !t.Firing || before[t.Name]:
		case t.Action == Undo:
			return fmt.Errorf("%w: %s", errFired, t.Name)
		case !told[t.Name]:
			told[t.Name] = true
			o.Say("PAGE: %s fires; by itself it takes no release back", t.Name)
		}
	}
	return nil
}

// judged is the watch's word: a trigger undoes the release, what is not known
// does not.
func (o Rollout) judged(ctx context.Context, next, former Release, err error) error {
	if errors.Is(err, errFired) {
		return o.undo(ctx, next, former, err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; %s is in and is watched no more: %w", next.Name, err)
	}
	return err
}

// Wall is the real clock.
type Wall struct{}

// Now is the time.
func (Wall) Now() time.Time { return time.Now() }

// Wait waits.
func (Wall) Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
