// Command navigator-rollout brings a release in (-place FILE RELEASE), or the one before
// the present one back (-place FILE -back). It needs AWS's command line with
// credentials, and the tool navigator for the smoke test. It ends with 0 when
// the release is in and proved, 1 when it is not in or was rolled back, 3 when
// it is in and not proved: a person has to look.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/insurance-navigator/navigator/deploy/rollout"
)

const (
	exitFailed   = 1
	exitUsage    = 2
	exitUnproved = 3
	smokeOutside = 7 // of navigator smoke --deployed
)

type options struct {
	place, navigator, email string
	watch, every            time.Duration
	back                    bool
	release                 string
}

func main() {
	var o options
	flag.StringVar(&o.place, "place", "", "file with the environment's place: terraform output -json rollout")
	flag.StringVar(&o.navigator, "navigator", "bin/navigator", "the tool, for the smoke test")
	flag.StringVar(&o.email, "email", "", "account of the smoke test; its password is NAVIGATOR_PASSWORD")
	flag.DurationVar(&o.watch, "watch", 15*time.Minute, "how long the triggers are watched after the release")
	flag.DurationVar(&o.every, "every", 30*time.Second, "between looks at the triggers")
	flag.BoolVar(&o.back, "back", false, "bring back what ran before, in place of a release")
	flag.Parse()
	o.release = flag.Arg(0)
	if o.place == "" || o.email == "" || o.back == (flag.NArg() == 1) || flag.NArg() > 1 || o.every <= 0 {
		flag.Usage()
		os.Exit(exitUsage)
	}
	os.Exit(start(o))
}

func start(o options) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := o.run(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, rollout.ErrOutside) && !undone(err), errors.Is(err, rollout.ErrBlind):
		fmt.Fprintln(os.Stderr, "rollout: the release is in, and a person has to look:", err)
		return exitUnproved
	}
	fmt.Fprintln(os.Stderr, "rollout:", err)
	return exitFailed
}

func undone(err error) bool {
	var u *rollout.Undone
	return errors.As(err, &u)
}

func (o options) run(ctx context.Context) error {
	text, err := os.ReadFile(o.place)
	if err != nil {
		return fmt.Errorf("the place: %w", err)
	}
	var place rollout.Place
	if err := json.Unmarshal(text, &place); err != nil || place.Cluster == "" || len(place.Alarms[rollout.Undo]) == 0 {
		return errors.New("the place is not what terraform output -json rollout writes")
	}
	alerts, err := alerts(ctx, place.Alerts)
	if err != nil {
		return err
	}
	r := rollout.Rollout{Clock: rollout.Wall{}, Watch: o.watch, Every: o.every, Say: say,
		Platform: &rollout.ECS{Place: place, AWS: aws, Alerts: alerts, Smoked: o.smoked, Say: say}}
	if o.back {
		return r.Back(ctx)
	}
	return r.Release(ctx, o.release)
}

// alerts asks the place's Alertmanager with the credentials that the command line
// finds, too; nil where there is none.
func alerts(ctx context.Context, at *rollout.Alerts) (func(context.Context) ([]rollout.Trigger, error), error) {
	if at == nil {
		return nil, nil //nolint:nilnil // none is a choice
	}
	found, err := config.LoadDefaultConfig(ctx, config.WithRegion(at.Region))
	if err != nil {
		return nil, fmt.Errorf("credentials for the Alertmanager: %w", err)
	}
	asked := rollout.Alertmanager{Alerts: *at, Credentials: found.Credentials, Client: http.DefaultClient}
	return asked.Firing, nil
}

// say is a line of what happens, with its time.
func say(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().UTC().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// aws runs the command line, which pages nothing where its output is no
// terminal. What it says of a failure is told.
func aws(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "aws", args...) //nolint:gosec // the command line is what we drive
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out, nil
}

// smoked runs the tool, whose words are shown as they come.
func (o options) smoked(ctx context.Context, url, release string) error {
	command := exec.CommandContext(ctx, o.navigator, "smoke", "--deployed", "--yes", "--url", url, "--release", release, "--email", o.email) //nolint:gosec // our own tool
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // it removes its document
	command.WaitDelay = 3 * time.Minute
	err := command.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == smokeOutside {
		return fmt.Errorf("%w: %w", rollout.ErrOutside, err)
	}
	return err
}
