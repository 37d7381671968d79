package main

import (
	"math"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// deployment is what is simulated.
type deployment struct {
	Workers       int // tasks
	WorkerCores   int // of each
	DatabaseCores int
	Provider      provider
	Pages         int // of a document
}

// outcome is what one run came to.
type outcome struct {
	PerSecond float64            // documents completed a second
	Use       map[string]float64 // of each bound, 0 to 1
	Bound     string             // the one most used
	Times     []time.Duration    // from the upload to complete, sorted
}

// percentile is the nearest rank.
func (o outcome) percentile(p int) time.Duration {
	if len(o.Times) == 0 {
		return 0
	}
	return o.Times[max((p*len(o.Times)+99)/100, 1)-1]
}

// machine is a deployment at work.
type machine struct {
	deployment
	engine
	costs    costs
	database *room
	cpus     *room            // of all workers together: River gives a job to whoever is free
	places   map[string]*room // by queue
	jobs     *room            // that the parser holds
	submits  *pace
	requests *pace
	tokens   *pace

	done  int
	times []time.Duration
}

func newMachine(d deployment, c costs) *machine {
	m := &machine{deployment: d, costs: c, places: map[string]*room{}}
	m.database = &room{engine: &m.engine, places: d.DatabaseCores}
	m.cpus = &room{engine: &m.engine, places: d.Workers * d.WorkerCores}
	m.jobs = &room{engine: &m.engine, places: d.Provider.Jobs}
	for name, workers := range riverqueue.DefaultSettings().Workers {
		m.places[name] = &room{engine: &m.engine, places: d.Workers * workers}
	}
	m.submits = &pace{engine: &m.engine, rate: d.Provider.Submits}
	m.requests = &pace{engine: &m.engine, rate: d.Provider.Requests / 60}
	m.tokens = &pace{engine: &m.engine, rate: d.Provider.Tokens / 60}
	return m
}

// document goes the whole way, and then goes on.
func (m *machine) document(then func()) {
	began := m.now
	m.parse(func() {
		m.stage(core.Receive, callLatency, "receive", func() {
			m.stage(core.Validate, 0, "validate", func() {
				m.stage(core.Chunk, 0, "chunk", func() {
					m.embed(m.batches(), func() {
						m.stage(core.Finish, 0, "finish", func() {
							m.done++
							m.times = append(m.times, m.now-began)
							then()
						})
					})
				})
			})
		})
	})
}

func (m *machine) batches() int { return (m.Pages*chunksPage + batchSize - 1) / batchSize }

// parse hands the document over, and waits for the parser to call back.
func (m *machine) parse(then func()) {
	m.jobs.take(func() {
		m.submits.pass(1, func() {
			m.stage(core.Parse, 2*callLatency, "parse", func() { // the file is read and handed on
				m.after(parseBase+time.Duration(m.Pages)*parsePage, func() {
					m.jobs.leave()
					then()
				})
			})
		})
	})
}

// embed asks for the vectors, batch by batch, each a job of its own.
func (m *machine) embed(batches int, then func()) {
	if batches == 0 {
		then()
		return
	}
	tokens := float64(m.Pages*tokensPage) / float64(m.batches())
	m.requests.pass(1, func() {
		m.tokens.pass(tokens, func() {
			m.stage(core.Embed, embedTime, "embed", func() { m.embed(batches-1, then) })
		})
	})
}

// stage is one job: a place in its queue, the worker's work, what is waited for
// outside, and the transaction. Before it stand the hop and the fetch.
func (m *machine) stage(stage core.Stage, outside time.Duration, share string, then func()) {
	place := m.places[riverqueue.DefaultSettings().Stages[stage].Queue]
	part := shares[share]
	if share == "embed" {
		part /= float64(m.batches())
	}
	m.after(riverqueue.DefaultSettings().FetchCooldown, func() {
		place.take(func() {
			m.cpus.work(m.part(m.costs.Worker, m.costs.WorkerPage, part), func() {
				m.after(outside, func() {
					m.database.work(m.part(m.costs.Database, m.costs.DatabasePage, part), func() {
						place.leave()
						then()
					})
				})
			})
		})
	})
}

func (m *machine) part(each, page time.Duration, share float64) time.Duration {
	return time.Duration(float64(each+time.Duration(m.Pages)*page) * share)
}

// warm is how long nothing is counted where documents come at a rate, and span
// how long it then is.
const (
	warm = 90 * time.Second
	span = 3 * time.Minute
)

// rounds is how often each document of a closed crowd goes the way while it is
// counted. A crowd that begins at once goes on in a wave, so that a stretch of
// time would count a crest or a trough: whole rounds count both.
const rounds = 3

// capacity is what comes through where there is always more to do.
func capacity(d deployment, c costs) outcome {
	m := newMachine(d, c)
	crowd := 500 + 500*min(d.Workers, 4*d.DatabaseCores) // more than can be under way
	var again func()
	again = func() { m.document(again) }
	for range crowd {
		m.after(0, again)
	}
	m.come(crowd)
	m.forget()
	began := m.now
	m.come(rounds * crowd)
	return m.outcome(m.now - began)
}

// load is what happens where documents come at a rate, evenly spread by chance.
func load(d deployment, c costs, rate float64) outcome {
	m := newMachine(d, c)
	random := newExponential()
	var next func()
	next = func() {
		m.document(func() {})
		m.after(time.Duration(random()/rate*float64(time.Second)), next)
	}
	m.after(0, next)
	m.until(warm)
	m.forget()
	m.until(warm + span)
	return m.outcome(span)
}

// come goes on until so many more documents are complete.
func (m *machine) come(more int) {
	for end := m.done + more; m.done < end; {
		m.step()
	}
}

// forget puts all counters to 0.
func (m *machine) forget() {
	m.done, m.times = 0, nil
	for _, p := range []*pace{m.submits, m.requests, m.tokens} {
		p.passed = 0
	}
	for _, r := range m.rooms() {
		r.forget()
	}
}

func (m *machine) rooms() map[string]*room {
	rooms := map[string]*room{"the database": m.database, "the workers' cores": m.cpus, "the parser's room": m.jobs}
	for name, place := range m.places {
		rooms["queue "+name] = place
	}
	return rooms
}

// outcome is what was counted in so long.
func (m *machine) outcome(span time.Duration) outcome {
	o := outcome{PerSecond: float64(m.done) / span.Seconds(), Use: map[string]float64{}, Times: slices.Sorted(slices.Values(m.times))}
	for name, r := range m.rooms() {
		o.Use[name] = r.use(span)
	}
	o.Use["the parser's pace"] = m.submits.use(span)
	o.Use["the embedder's requests"] = m.requests.use(span)
	o.Use["the embedder's tokens"] = m.tokens.use(span)
	for name, use := range o.Use {
		use = min(use, 1) // what has passed the gate and waits behind it is counted already
		if best := min(o.Use[o.Bound], 1); use > best || use == best && rank(name) < rank(o.Bound) {
			o.Bound = name
		}
	}
	return o
}

// rank: a queue's places are full whenever what they wait for is. Of two that
// are both full the one behind is named.
func rank(name string) string {
	if len(name) > 5 && name[:5] == "queue" {
		return "1" + name
	}
	if name == "" {
		return "2"
	}
	return "0" + name
}

// round is a figure as a table shows it.
func round(v float64) float64 { return math.Round(v*10) / 10 }
