package scenario

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/loadtest/load/arrivals"
	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// seed draws the same arrivals in every run.
const seed = 1

// send sends a phase's loads, all at once, and returns when all have ended.
func (r *run) send(ctx context.Context, p *Phase, t *tracker) error {
	post, err := r.postman(ctx, p)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, l := range p.Loads {
		rate, err := r.rate(l)
		if err != nil {
			return err
		}
		all.Go(func() { r.load(ctx, p.Name, l, rate, t, post) })
	}
	all.Wait()
	return ctx.Err()
}

// rate is a load's arrivals a second.
func (r *run) rate(l Load) (float64, error) {
	if l.Of == "" {
		return l.Rate, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	of, ok := r.figures[l.Of]
	if !ok || of <= 0 {
		return 0, fmt.Errorf("%s is a multiple of %s, which was not measured", l.Name, l.Of)
	}
	return l.Rate * of, nil
}

// postman has the held callbacks, where a load delivers them.
func (r *run) postman(ctx context.Context, p *Phase) (*deliverer, error) {
	for _, l := range p.Loads {
		if l.Do != Deliver {
			continue
		}
		letters, err := r.target.Door.letters(ctx)
		return &deliverer{webhook: r.target.Webhook, client: r.client, letters: letters}, err
	}
	return nil, nil
}

// load sends one stream.
func (r *run) load(ctx context.Context, phase string, l Load, rate float64, t *tracker, post *deliverer) {
	recorder := result.NewRecorder()
	plan := arrivals.Plan{For: l.For, Count: l.Count}
	switch l.Spread {
	case AtOnce:
		plan.Times = arrivals.AtOnce()
	case Poisson:
		plan.Times = arrivals.Poisson(rate, seed)
	default:
		plan.Times = arrivals.Constant(rate)
	}
	begun := arrivals.Run(ctx, arrivals.Wall{}, plan, func(n int, due time.Time) {
		kind, code := r.piece(ctx, l.Do, n, due, t, post)
		recorder.Note(kind, code, time.Since(due))
	})
	done := recorder.Load(result.Load{Phase: phase, Name: l.Name, Plan: l.plan(rate), Begun: begun.Pieces, Late: begun.Late, MostMS: milliseconds(begun.MostLate)})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loads = append(r.loads, done)
	done.Figures(r.figures)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// plan tells a load in words.
func (l Load) plan(rate float64) string {
	if l.Spread == AtOnce {
		return fmt.Sprintf("%d at once", l.Count)
	}
	words := fmt.Sprintf("%s a second, %s", result.Number(rate), l.Spread)
	if l.Count > 0 {
		words += fmt.Sprintf(", %d in all", l.Count)
	}
	if l.For > 0 {
		words += fmt.Sprintf(", for %s", l.For.Round(time.Second))
	}
	return words
}

// piece does one piece of work. Its time counts from when it was due, so that
// whoever began late, or had to wait for a connection, hides nothing.
func (r *run) piece(ctx context.Context, do Work, n int, due time.Time, t *tracker, post *deliverer) (result.Kind, string) {
	p := r.people[n%len(r.people)]
	switch do {
	case Upload:
		return r.upload(ctx, p, due, t)
	case Deliver:
		return post.deliver(ctx, n)
	case SlowUpload, SlowHeader, SlowRead:
		return p.slowly(ctx, do)
	}
	answer, err := p.read(ctx, do, n)
	if err != nil {
		return result.Failed, "no answer"
	}
	return answer.kind(), answer.code()
}

func (r *run) upload(ctx context.Context, p *person, due time.Time, t *tracker) (result.Kind, string) {
	id, answer, err := p.upload(ctx, r.blank.File(r.stamp()), r.blank.Size())
	if err != nil {
		return result.Failed, "no answer"
	}
	if id != "" {
		t.accept(p, id, due)
	}
	return answer.kind(), answer.code()
}

// read asks for something that changes nothing.
func (p *person) read(ctx context.Context, do Work, n int) (reply, error) {
	switch do {
	case Search:
		var found struct {
			Results []any `json:"results"`
		}
		r, err := p.post(ctx, "/search", map[string]any{"query": questions[n%len(questions)], "limit": 10}, &found)
		if err == nil && r.status/100 == 2 && len(found.Results) == 0 {
			err = fmt.Errorf("nothing was found")
		}
		return r, err
	case Health:
		return p.get(ctx, "/health")
	}
	return p.get(ctx, "/documents/"+p.any(mathrand.IntN(1<<20))+"/status") //nolint:gosec // any will do
}

// questions are of words that nearly every chunk holds: the dearest that a
// search by words can be asked.
var questions = []string{
	"what is my deductible?", "Which hospital does the network provider cover?", "How do I appeal a claim of a dependent member?",
	"premium and copayment", "Does the policy exclude a referral after 365 days?",
}

// stamp makes the next file one of its own.
func (r *run) stamp() corpus.Stamp {
	s := corpus.Stamp{Pages: r.Paper.Pages, PageBytes: r.Paper.PageBytes}
	_, _ = rand.Read(s.ID[:]) // it never fails
	r.files.Add(1)
	return s
}

// profile tells the data in words.
func (r *run) profile() string {
	return fmt.Sprintf("%d users, %d documents of %d pages with %s bytes of text each, files of %s MiB",
		r.Users, r.files.Load(), r.Paper.Pages, strconv.Itoa(r.Paper.PageBytes), result.Number(float64(r.blank.Size())/(1<<20)))
}
