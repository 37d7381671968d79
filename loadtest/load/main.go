// Command load loads the product from outside and says whether it held: it
// speaks HTTP to the API and the webhook, and to nothing else of the product.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
	"github.com/insurance-navigator/navigator/loadtest/load/scenario"
)

// commands are what can be asked for.
type commands struct {
	Run  runCommand  `cmd:"" help:"Run one scenario and judge it."`
	List listCommand `cmd:"" help:"Name the scenarios."`
}

// errFailed says that a mark was not met; what was, has been printed.
var errFailed = errors.New("the scenario did not pass")

func main() {
	var c commands
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&c, kong.Name("load"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only unhooks signals
	}
}

type listCommand struct{}

// Run names every scenario.
func (listCommand) Run() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range scenario.All() {
		where := "any place"
		if s.NeedsDoor() != "" {
			where = "a private place"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\tabout %s\t%s\n", s.Name, s.Title, s.Lasts, where)
	}
	return table.Flush()
}

type runCommand struct {
	Scenario string        `arg:"" help:"Its name, such as L1."`
	Scale    float64       `default:"1" help:"Multiplies times and counts, not rates: 0.1 is a tenth of the scenario."`
	For      time.Duration `help:"Shortens the scenario to about this long, in place of --scale."`
	URL      string        `placeholder:"URL" help:"Base address of a deployed API. Empty: a private place is opened."`
	Webhook  string        `placeholder:"URL" help:"Base address of its webhook."`
	Door     string        `placeholder:"URL" help:"Control door of a private place that is open already."`
	Accounts string        `type:"existingfile" placeholder:"FILE" help:"Who signs in, JSON: [{\"email\": ..., \"password\": ...}]. Empty: new accounts are made."`
	Place    string        `default:"bin/place" help:"The program that opens a private place."`
	Bin      string        `default:"bin" help:"Folder of the services' programs, for it."`
	Logs     string        `placeholder:"FILE" help:"Where its services' logs go."`
	Out      string        `placeholder:"DIR" help:"Folder in which the result is kept, as JSON."`
}

// Run runs a scenario, prints what was found, and keeps it.
func (c *runCommand) Run(ctx context.Context) error {
	s, ok := scenario.Find(c.Scenario)
	if !ok {
		return fmt.Errorf("there is no scenario %q: see load list", c.Scenario)
	}
	if c.For > 0 {
		c.Scale = min(1, c.For.Seconds()/s.Lasts.Seconds())
	}
	if c.Scale <= 0 {
		return fmt.Errorf("--scale has to be more than 0, and is %v", c.Scale)
	}
	target, err := c.target(ctx, s)
	if err != nil {
		return err
	}
	found, err := scenario.Run(ctx, s, target, c.Scale, func(format string, args ...any) {
		_, _ = fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...) // it is for who watches
	})
	if target.Door != nil {
		err = errors.Join(err, target.Door.Close())
	}
	if err != nil {
		return err
	}
	show(found)
	if c.Out != "" {
		if err := result.Write(result.Path(c.Out, found.Scenario), found); err != nil {
			return err
		}
	}
	if !found.Passed {
		return errFailed
	}
	return nil
}

// target is the deployed place that was named, or a private one.
func (c *runCommand) target(ctx context.Context, s scenario.Scenario) (t scenario.Target, err error) {
	if c.Accounts != "" {
		text, err := os.ReadFile(c.Accounts)
		if err != nil {
			return t, err
		}
		if err := json.Unmarshal(text, &t.Accounts); err != nil {
			return t, fmt.Errorf("%s: %w", c.Accounts, err)
		}
	}
	t.API, t.Webhook = c.URL, c.Webhook
	switch {
	case c.URL != "":
		return t, nil
	case c.Door != "":
		t.Door = scenario.UseDoor(c.Door)
	default:
		if t.Door, err = scenario.OpenPlace(ctx, c.Place, c.Bin, c.Logs, s.Place); err != nil {
			return t, err
		}
	}
	about, err := t.Door.Describe(ctx)
	if err != nil {
		return t, errors.Join(err, t.Door.Close())
	}
	t.API, t.Webhook = about.API, about.Webhook
	return t, nil
}

// show prints the loads and the verdicts.
func show(r result.Result) {
	fmt.Printf("%s %s: %s\n", r.Scenario, r.Title, r.Profile)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "load\tbegun\tlate\tdone\trefused\tfailed\tp50 ms\tp95 ms\tp99 ms\tmax ms\tanswers")
	for _, l := range r.Loads {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%v\n", l.Name, l.Begun, l.Late, l.Done, l.Refused, l.Failed,
			result.Number(l.Times.P50), result.Number(l.Times.P95), result.Number(l.Times.P99), result.Number(l.Times.Max), l.Codes)
	}
	_ = table.Flush() // the terminal's troubles are its own
	for _, v := range r.Verdicts {
		got := "-"
		if v.Got != nil {
			got = result.Number(*v.Got)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", v.Outcome, v.Mark, got)
	}
	_ = table.Flush()
	for _, note := range r.Notes {
		fmt.Println(note)
	}
}
