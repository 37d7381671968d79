package scenario

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// Target is what is loaded.
type Target struct {
	API      string // base addresses
	Webhook  string
	Door     *Door     // nil: a deployed place
	Accounts []Account // who signs in; none: everybody signs up
}

// run is one scenario under way.
type run struct {
	Scenario
	target Target
	say    func(format string, args ...any)

	client *http.Client
	people []*person
	blank  *corpus.Blank
	begun  time.Time
	series *watcher
	files  atomic.Int64 // made so far
	idle   map[string]float64
	before *tracker // of the last phase, where that did not wait for its documents

	mu      sync.Mutex
	figures map[string]float64
	loads   []result.Load
	notes   []string
}

// Run runs a scenario against a target and judges it; say gets a line for what
// happens. An error says that there is no result. What the loads met is none.
func Run(ctx context.Context, s Scenario, target Target, scale float64, say func(format string, args ...any)) (result.Result, error) {
	if why := s.NeedsDoor(); target.Door == nil && why != "" {
		return result.Result{}, fmt.Errorf("%s needs a private place: %s", s.Name, why)
	}
	r := &run{Scenario: s.Scaled(scale), target: target, say: say, client: newClient(), figures: map[string]float64{}, begun: time.Now()}
	defer r.client.CloseIdleConnections()
	before := loadAverages()
	if err := r.prepare(ctx); err != nil {
		return result.Result{}, fmt.Errorf("prepare %s: %w", s.Name, err)
	}
	looking, stop := context.WithCancel(ctx)
	var looks sync.WaitGroup
	defer looks.Wait()
	defer stop()
	r.series = newWatcher(target.Door, r.Sample)
	looks.Go(func() { r.series.watch(looking) })
	for i := range r.Phases {
		if err := r.phase(ctx, &r.Phases[i]); err != nil {
			return result.Result{}, fmt.Errorf("%s, phase %s: %w", s.Name, r.Phases[i].Name, err)
		}
	}
	stop()
	looks.Wait()
	return r.finish(ctx, before, scale)
}

// prepare makes the people, their documents, and the file that is sent.
func (r *run) prepare(ctx context.Context) error {
	r.blank = corpus.NewBlank(corpus.Filler(r.Paper.Pages, 1), r.Paper.Bytes)
	for n := range r.Users {
		var account *Account
		if len(r.target.Accounts) > 0 {
			account = &r.target.Accounts[n%len(r.target.Accounts)]
		}
		p, err := enter(ctx, r.client, r.target.API, account)
		if err != nil {
			return err
		}
		r.people = append(r.people, p)
	}
	r.say("%s: %d people are in", r.Name, len(r.people))
	if err := r.own(ctx); err != nil || r.target.Door == nil {
		return err
	}
	idle, err := r.target.Door.figures(ctx)
	r.idle = idle
	return err
}

// ownTime bounds the documents that are there before a scenario begins.
const ownTime = 5 * time.Minute

// own gives everybody documents, and waits until they are complete.
func (r *run) own(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	t := newTracker()
	for range r.Own {
		for _, p := range r.people {
			id, answer, err := p.upload(ctx, r.blank.File(r.stamp()), r.blank.Size())
			if err != nil || id == "" {
				return fmt.Errorf("a first upload ended with %s: %w", answer.code(), err)
			}
			t.accept(p, id, time.Now())
		}
	}
	if left := r.drain(ctx, t); left > 0 || t.failures > 0 {
		return fmt.Errorf("of %d first documents %d are not complete and %d failed", t.accepted, left, t.failures)
	}
	return nil
}

// drain waits until no document is open, or ctx ends, and says how many are.
func (r *run) drain(ctx context.Context, t *tracker) int {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watch sync.WaitGroup
	watch.Go(func() { t.watch(watching) })
	waitFor(ctx, func() bool { return t.left() == 0 })
	stop()
	watch.Wait()
	return t.left()
}

// waitFor asks until ok, or ctx ends: what it waits for tells nobody.
func waitFor(ctx context.Context, ok func() bool) bool {
	tick := time.NewTicker(pollEvery / 5)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// phase runs one part of the scenario.
func (r *run) phase(ctx context.Context, p *Phase) error {
	if err := r.steps(ctx, p.Before); err != nil {
		return err
	}
	r.say("%s: phase %s", r.Name, p.Name)
	t := newTracker()
	t.takeOver(r.before)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var beside sync.WaitGroup
	beside.Go(func() { t.watch(watching) })
	midway := make(chan error, 1)
	go func() { midway <- r.midway(watching, p) }()
	if err := r.send(ctx, p, t); err != nil {
		return err
	}
	sent := time.Now()
	if err := r.steps(ctx, p.Work, t); err != nil {
		return err
	}
	r.settle(ctx, p, t)
	stop()
	beside.Wait()
	if r.before = nil; p.Drain == 0 {
		r.before = t
	}
	r.judgePhase(p, t, sent)
	return <-midway
}

// settle waits for what was accepted, as long as the phase allows.
func (r *run) settle(ctx context.Context, p *Phase, t *tracker) {
	limit := max(p.Drain, p.Window)
	if limit == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	waitFor(ctx, func() bool { return p.Drain > 0 && t.left() == 0 })
}

// steps does steps in their order.
func (r *run) steps(ctx context.Context, steps []Step, t ...*tracker) error {
	for _, s := range steps {
		r.say("%s: %s %s", r.Name, s.Act, s.Service)
		err := error(nil)
		if s.Act == AwaitLetters {
			err = r.awaitLetters(ctx, t[0])
		} else {
			err = r.target.Door.step(ctx, s, r.ids())
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", s.Act, s.Service, err)
		}
	}
	return nil
}

func (r *run) ids() (all []string) {
	for _, p := range r.people {
		all = append(all, p.id)
	}
	return all
}

// awaitLetters waits until a callback of every document is held.
func (r *run) awaitLetters(ctx context.Context, t *tracker) error {
	ctx, cancel := context.WithTimeout(ctx, lettersTime)
	defer cancel()
	var failed error
	ok := waitFor(ctx, func() bool {
		figures, err := r.target.Door.figures(ctx)
		failed = err
		return err == nil && figures["callbacks.held"] >= float64(t.left())
	})
	if !ok {
		return fmt.Errorf("not every callback came: %w", failed)
	}
	return nil
}

// midway waits for a phase's turning point and does what is to be done there.
// A phase that ends before it has none, and its figure says so.
func (r *run) midway(ctx context.Context, p *Phase) error {
	if p.Midway == nil {
		return nil
	}
	reached := waitFor(ctx, func() bool {
		figures, err := r.target.Door.figures(ctx)
		return err == nil && figures[p.Midway.Figure] >= p.Midway.Least
	})
	if !reached {
		return nil
	}
	r.set(p.Name+".midway", 1)
	return r.steps(context.WithoutCancel(ctx), p.Midway.Steps)
}

func (r *run) set(name string, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.figures[name] = value
}

// judgePhase reads what became of a phase's documents. sent is when its loads
// had ended.
func (r *run) judgePhase(p *Phase, t *tracker, sent time.Time) {
	now := time.Now()
	from := t.phase
	if len(p.Work) > 0 {
		from = sent
	}
	all, last := t.between(from, now)
	during, _ := t.between(t.phase, sent)
	followed := t.count() + t.left()
	l := t.complete.Load(result.Load{Phase: p.Name, Name: p.Name + ".complete", Plan: "from upload to complete", Begun: followed})
	r.mu.Lock()
	defer r.mu.Unlock()
	if followed > 0 {
		r.loads = append(r.loads, l)
		l.Figures(r.figures)
		r.figures[p.Name+".accepted"], r.figures[p.Name+".document_failures"] = float64(t.accepted), float64(t.failures)
	}
	if p.Drain > 0 && followed > 0 {
		r.figures[p.Name+".lost"], r.figures[p.Name+".drained_s"] = float64(t.left()), max(last.Sub(sent).Seconds(), 0)
	}
	if p.Window > 0 {
		last = from.Add(p.Window)
	}
	if span := last.Sub(from).Seconds(); all > 0 && span > 0 {
		r.figures[p.Name+".per_s"] = float64(all) / span
	}
	if span := sent.Sub(t.phase).Seconds(); during > 0 && span > 0 {
		r.figures[p.Name+".during_per_s"] = float64(during) / span
	}
	r.say("%s: phase %s: %d accepted, %d complete, %d failed, %d open", r.Name, p.Name, t.accepted, all, t.failures, t.left())
}

// finish gathers the figures and judges them.
func (r *run) finish(ctx context.Context, before []float64, scale float64) (result.Result, error) {
	if err := r.lastLook(ctx); err != nil {
		return result.Result{}, err
	}
	for _, d := range r.Derived {
		left, ok := r.figures[d.Left]
		right, also := r.figures[d.Right]
		switch {
		case !ok || !also:
		case d.Minus:
			r.figures[d.Name] = left - right
		case right != 0:
			r.figures[d.Name] = left / right
		}
	}
	out := result.Result{Scenario: r.Name, Title: r.Title, At: r.begun.UTC().Truncate(time.Second), Seconds: time.Since(r.begun).Seconds(), Scale: scale,
		Machine: machine(before), Profile: r.profile(), Loads: r.loads, Figures: r.figures, Series: r.series.kept(), Notes: r.notes}
	out.Verdicts, out.Passed = result.Judge(r.Marks, r.figures, scale >= 1)
	err := r.describe(ctx, &out)
	return out, err
}

// lastLook asks the place for its last figures, and its own checker.
func (r *run) lastLook(ctx context.Context) error {
	if r.target.Door == nil {
		return nil
	}
	figures, err := r.target.Door.figures(ctx)
	if err != nil {
		return err
	}
	maps.Copy(r.figures, figures)
	r.series.figures(r.figures, r.idle)
	if !slices.ContainsFunc(r.Marks, func(m result.Mark) bool { return m.Figure == violations }) {
		return nil
	}
	found, err := r.target.Door.violations(ctx)
	if err != nil {
		return err
	}
	total := 0
	for rule, n := range found {
		total += n
		r.notes = append(r.notes, fmt.Sprintf("the checker found %s: %d", rule, n))
	}
	slices.Sort(r.notes)
	r.figures[violations] = float64(total)
	return nil
}

// violations is the figure of what the product's own checker found.
const violations = "verify.violations"
