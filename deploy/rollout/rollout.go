// Package rollout brings a release of all services in, watches it, and brings
// the former one back where it proves bad. Where the services run is a Platform:
// ECS (see ECS), or processes of this machine in a test.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Release is one version of all services.
type Release struct {
	Name  string            // the images' tag: the first 12 digits of the commit
	Parts map[string]string // by service, what the platform runs for it
}

// Action is what follows from a trigger.
type Action string

// The actions. What pages is for a person to judge: an outside provider's outage
// is no release's fault, and no former release ends it.
const (
	Undo Action = "rollback"
	Page Action = "page"
)

// Trigger is an alarm, and whether it fires now.
type Trigger struct {
	Name   string
	Action Action
	Firing bool
}

// ErrOutside marks a smoke test that failed while an outside service was away.
var ErrOutside = errors.New("an outside service is away")

// Platform is where the services run.
type Platform interface {
	// Running is the release that serves now.
	Running(ctx context.Context) (Release, error)
	// Before is the release that served before that one.
	Before(ctx context.Context, running Release) (Release, error)
	// Prepare makes a release ready to run, and starts nothing.
	Prepare(ctx context.Context, name string, former Release) (Release, error)
	// Preflight runs the doctor for each service, in the place and with the
	// settings and secrets that the release is to have.
	Preflight(ctx context.Context, r Release) error
	// Migrate brings the database to the release's schema, beside the one that
	// serves.
	Migrate(ctx context.Context, r Release) error
	// Roll starts the release beside the one that serves, ends that, and returns
	// when nothing but the release serves; an error where that did not come about.
	Roll(ctx context.Context, r Release) error
	// Smoke sends a document the whole way through the release. Its error is
	// ErrOutside where the release is not what failed.
	Smoke(ctx context.Context, r Release) error
	// Triggers are all alarms and alerts that are watched. With an error come
	// those that could be read all the same.
	Triggers(ctx context.Context) ([]Trigger, error)
}

// Clock waits; a test's own passes as it is told.
type Clock interface {
	Now() time.Time
	// Wait returns after d, or with ctx's error.
	Wait(ctx context.Context, d time.Duration) error
}

// Rollout is how a release is brought in.
type Rollout struct {
	Platform Platform
	Clock    Clock
	Watch    time.Duration                    // how long the triggers are watched after a release; 15 minutes by custom
	Every    time.Duration                    // between looks at them
	Say      func(format string, args ...any) // told of each step
}

// Undone says that a release was brought back to the former one.
type Undone struct {
	Release, Former string
	Reason          error
	Invalid         error // why the former one is not proved again; nil: it is
}

// Error tells all of it.
func (u *Undone) Error() string {
	text := fmt.Sprintf("release %s was rolled back to %s: %v", u.Release, u.Former, u.Reason)
	if u.Invalid != nil {
		return fmt.Sprintf("%s; and %s is not proved to work again: %v", text, u.Former, u.Invalid)
	}
	return fmt.Sprintf("%s; %s is smoke-tested again", text, u.Former)
}

// Unwrap is why.
func (u *Undone) Unwrap() []error { return []error{u.Reason, u.Invalid} }

// Release brings a release in: preflight, migration, roll, smoke test, watch.
// Until the roll nothing that serves is touched, and an error leaves it so.
// From then on an error is an *Undone, but for an interrupt, which leaves all as
// it is, ErrOutside, which says that the release stays and is not proved, and
// ErrBlind.
func (o Rollout) Release(ctx context.Context, name string) error {
	former, err := o.Platform.Running(ctx)
	if err != nil {
		return fmt.Errorf("find what serves now: %w", err)
	}
	o.Say("release %s is to follow %s", name, former.Name)
	next, before, err := o.ready(ctx, name, former)
	if err != nil {
		return err
	}
	o.Say("roll: %s beside %s", next.Name, former.Name)
	if err := o.Platform.Roll(ctx, next); err != nil {
		return o.undo(ctx, next, former, fmt.Errorf("roll: %w", err))
	}
	unproved := o.Platform.Smoke(ctx, next)
	if unproved != nil && !errors.Is(unproved, ErrOutside) {
		return o.undo(ctx, next, former, fmt.Errorf("smoke test: %w", unproved))
	}
	o.told("smoke test", unproved)
	if err := o.watch(ctx, before); err != nil {
		return o.judged(ctx, next, former, err)
	}
	if unproved != nil { // the outside may be back by now
		unproved = o.Platform.Smoke(ctx, next)
		if unproved != nil && !errors.Is(unproved, ErrOutside) {
			return o.undo(ctx, next, former, fmt.Errorf("smoke test: %w", unproved))
		}
		o.told("smoke test, once more", unproved)
	}
	return unproved
}

// ready does all that comes before anything that serves is touched. before is
// what fires already: no release can be blamed for it.
func (o Rollout) ready(ctx context.Context, name string, former Release) (next Release, before map[string]bool, err error) {
	if next, err = o.Platform.Prepare(ctx, name, former); err != nil {
		return next, nil, fmt.Errorf("prepare: %w", err)
	}
	o.Say("preflight: each service's doctor")
	if err = o.Platform.Preflight(ctx, next); err != nil {
		return next, nil, fmt.Errorf("preflight, and nothing was changed: %w", err)
	}
	triggers, err := o.Platform.Triggers(ctx)
	if err != nil {
		return next, nil, fmt.Errorf("the triggers cannot be read, so no release could be watched; nothing was changed: %w", err)
	}
	before = map[string]bool{}
	for _, t := range triggers {
		if t.Firing {
			before[t.Name] = true
			o.Say("before the release fires already, and is not held against it: %s", t.Name)
		}
	}
	o.Say("migrate")
	if err = o.Platform.Migrate(ctx, next); err != nil {
		return next, nil, fmt.Errorf("migrate; %s still serves: %w", former.Name, err)
	}
	return next, before, nil
}

// Back brings the release before the present one in again, and proves it.
func (o Rollout) Back(ctx context.Context) error {
	running, err := o.Platform.Running(ctx)
	if err != nil {
		return fmt.Errorf("find what serves now: %w", err)
	}
	former, err := o.Platform.Before(ctx, running)
	if err != nil {
		return fmt.Errorf("find what served before %s: %w", running.Name, err)
	}
	o.Say("back from %s to %s", running.Name, former.Name)
	if err := o.Platform.Roll(ctx, former); err != nil {
		return fmt.Errorf("roll: %w", err)
	}
	err = o.Platform.Smoke(ctx, former)
	o.told("smoke test", err)
	return err
}

// undo brings the former release back and proves it; an interrupt undoes
// nothing, for whoever interrupts is there to decide.
func (o Rollout) undo(ctx context.Context, next, former Release, reason error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; %s is in, in part at least, and make rollback brings %s back: %w", next.Name, former.Name, reason)
	}
	o.Say("ROLLBACK to %s: %v", former.Name, reason)
	undone := &Undone{Release: next.Name, Former: former.Name, Reason: reason}
	if undone.Invalid = o.Platform.Roll(ctx, former); undone.Invalid == nil {
		undone.Invalid = o.Platform.Smoke(ctx, former)
	}
	o.told("validation of "+former.Name, undone.Invalid)
	return undone
}

func (o Rollout) told(step string, err error) {
	if err != nil {
		o.Say("%s: PAGE: %v", step, err)
		return
	}
	o.Say("%s: passed", step)
}
