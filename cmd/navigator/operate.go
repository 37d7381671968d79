package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

// operatorHelp is said of every command that works on the database itself.
const operatorHelp = `For operators: it needs the worker's environment, WORKER_DATABASE_URL (or
DATABASE_URL) among it, and works on the database itself.
`

// operate opens the database for one command.
func (w *world) operate(ctx context.Context, work func(*boot.Operator) error) error {
	hand, err := boot.OpenOperator(ctx, w.environ)
	if err != nil {
		return err
	}
	defer hand.Close()
	return work(hand)
}

// audited is who does something, and why.
type audited struct {
	By     string `placeholder:"NAME" help:"Who you are, for the log (NAVIGATOR_OPERATOR, else the system's user name)."`
	Reason string `placeholder:"TEXT" help:"Why, for the log: a ticket or a few words, up to 200 bytes. It is never public."`
}

func (a audited) audit(w *world) (core.Audit, error) {
	by := core.Audit{Operator: cmp.Or(a.By, w.get("NAVIGATOR_OPERATOR"), w.get("USER"), w.get("LOGNAME")), Reason: a.Reason}
	if fault := by.Fault(); fault != "" {
		return by, usageError{fault + ": give --by and --reason"}
	}
	return by, nil
}

type intakeCommand struct {
	Status intakeStatus `cmd:"" default:"withargs" help:"Show whether uploads are taken."`
	Pause  intakePause  `cmd:"" help:"Take no more uploads."`
	Resume intakeResume `cmd:"" help:"Take uploads again."`
}

// Help is shown behind the flags.
func (intakeCommand) Help() string {
	return operatorHelp + `While the intake is paused every upload is answered 503 intake_paused with
Retry-After, in all processes at once. Callbacks, reading, search and retries go on.

Examples:
  navigator intake pause --reason OPS-17
  navigator intake resume`
}

type intakeStatus struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// Run shows the pause.
func (c *intakeStatus) Run(ctx context.Context, w *world) error {
	return w.operate(ctx, func(hand *boot.Operator) error {
		pauses, err := hand.Pauses(ctx)
		if err != nil {
			return err
		}
		var paused *core.Pause
		for _, p := range pauses {
			if p.What == core.PauseIntake {
				paused = &p
			}
		}
		if c.JSON {
			return w.screen.JSON(map[string]*core.Pause{"paused": paused})
		}
		if paused == nil {
			w.screen.Say("uploads are taken")
			return nil
		}
		w.screen.Say("uploads are paused %s", pausedWords(*paused))
		return nil
	})
}

// pausedWords says since when something rests, by whom and why.
func pausedWords(p core.Pause) string {
	text := fmt.Sprintf("since %s by %s", p.Since.UTC().Format(time.RFC3339), show.Clean(p.Operator))
	if p.Reason != "" {
		text += ": " + show.Clean(p.Reason)
	}
	return text
}

type intakePause struct{ audited }

// Run pauses the intake.
func (c *intakePause) Run(ctx context.Context, w *world) error {
	return w.turnIntake(ctx, c.audited, true, "uploads are paused; see: navigator intake")
}

type intakeResume struct{ audited }

// Run lets uploads in again.
func (c *intakeResume) Run(ctx context.Context, w *world) error {
	return w.turnIntake(ctx, c.audited, false, "uploads are taken again")
}

func (w *world) turnIntake(ctx context.Context, who audited, pause bool, done string) error {
	by, err := who.audit(w)
	if err != nil {
		return err
	}
	return w.operate(ctx, func(hand *boot.Operator) error {
		changed, err := hand.PauseIntake(ctx, pause, by)
		return w.turnedTo(changed, err, done)
	})
}

func (w *world) turnedTo(changed bool, err error, done string) error {
	switch {
	case err != nil:
		return err
	case !changed:
		w.screen.Say("it was so already")
	default:
		w.screen.Say("%s", done)
	}
	return nil
}

type queueCommand struct {
	List   queueList   `cmd:"" default:"withargs" help:"Show what each queue has to do, and which rest."`
	Pause  queuePause  `cmd:"" help:"Start no more jobs of a stage's queue."`
	Resume queueResume `cmd:"" help:"Start its jobs again."`
}

// Help is shown behind the flags.
func (queueCommand) Help() string {
	return operatorHelp + `A pause holds in all workers within seconds and survives restarts; jobs that run end.
A queue may carry several stages: all of them rest.

Examples:
  navigator queue list
  navigator queue pause embed --reason "key is being changed"
  navigator queue resume embed`
}

type queueList struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// Run shows the queues.
func (c *queueList) Run(ctx context.Context, w *world) error {
	return w.operate(ctx, func(hand *boot.Operator) error {
		loads, err := hand.Queues(ctx)
		if err != nil || c.JSON {
			return firstOf(err, func() error { return w.screen.JSON(loads) })
		}
		rows := [][]string{{"QUEUE", "WAITING", "OLDEST", "SNOOZING", "RUNNING", "LOST", "PAUSED"}}
		for _, l := range loads {
			paused := ""
			if l.Paused != nil {
				paused = pausedWords(*l.Paused)
			}
			rows = append(rows, []string{l.Queue, fmt.Sprint(l.Waiting), l.Oldest.Round(time.Second).String(), fmt.Sprint(l.Snoozing),
				fmt.Sprint(l.Running), fmt.Sprint(l.Lost), paused})
		}
		w.screen.Table(rows)
		return nil
	})
}

// firstOf is err, or what next says where there is none.
func firstOf(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

type queueTarget struct {
	Stage string `arg:"" help:"A stage such as embed, or a queue."`
	audited
}

type queuePause struct{ queueTarget }

// Run pauses a queue.
func (c *queuePause) Run(ctx context.Context, w *world) error {
	return c.turn(ctx, w, true, "paused: queue %s, with its stages %s")
}

type queueResume struct{ queueTarget }

// Run lets a queue go on.
func (c *queueResume) Run(ctx context.Context, w *world) error {
	return c.turn(ctx, w, false, "going on: queue %s, with its stages %s")
}

func (c queueTarget) turn(ctx context.Context, w *world, pause bool, done string) error {
	by, err := c.audit(w)
	if err != nil {
		return err
	}
	return w.operate(ctx, func(hand *boot.Operator) error {
		queue, stages, err := hand.QueueOf(c.Stage)
		if err != nil {
			return usageError{err.Error()}
		}
		names := make([]string, len(stages))
		for i, stage := range stages {
			names[i] = string(stage)
		}
		changed, err := hand.PauseQueue(ctx, queue, pause, by)
		return w.turnedTo(changed, err, fmt.Sprintf(done, queue, strings.Join(names, ", ")))
	})
}
