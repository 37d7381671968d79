// Package scenario declares what a load is and what it has to hold, as data,
// and runs it. It knows the product by its HTTP alone; what no client may do
// (figures of processes, kills, rows) it asks of a private place by its door.
package scenario

import (
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// Scenario is one load with its marks.
type Scenario struct {
	Name  string
	Title string
	Lasts time.Duration // about, at scale 1, on two cores
	Place Place
	Users int
	Own   int // documents that each user has before it begins
	Paper Paper

	Phases  []Phase // one after the other
	Derived []Derived
	Marks   []result.Mark
	Sample  time.Duration // between two looks at the place; a second when 0
}

// Place is what the private place of a scenario is told.
type Place struct {
	Parse      time.Duration // the parser takes so long for a document
	Embed      time.Duration // the embedder takes so long for a request
	MemoryMiB  int           // the most the API may use; 0: no bound
	BuffersMiB int           // the database's shared_buffers; 0: those of make dev, 256
	Settings   map[string]string
}

// Paper is what the documents are like: PDFs of real pages, each with so many
// bytes of text at a parser that knows stamps, filled up to Bytes.
type Paper struct {
	Pages     int
	PageBytes int
	Bytes     int
}

// Phase is a part of a scenario. It begins with Before, sends its loads all at
// once, does Work, and waits for the documents that were accepted.
type Phase struct {
	Name   string
	Before []Step
	Loads  []Load
	Midway *Midway
	Work   []Step

	Drain  time.Duration // how long accepted documents may take from then on; what is open after it is lost
	Window time.Duration // in place of that: it looks for so long, and leaves open what is open
}

// Midway is what happens once a figure of the place is reached.
type Midway struct {
	Figure string
	Least  float64
	Steps  []Step
}

// Act is what a step does.
type Act string

// The acts, all of which need a door.
const (
	AwaitLetters Act = "await letters" // until the parser has a callback for every open document
	Hold         Act = "hold"          // callbacks are kept back from now on
	Pass         Act = "pass"          // and no more
	Start        Act = "start"         // a service
	Stop         Act = "stop"
	Kill         Act = "kill"
	Chunks       Act = "chunks" // rows are added by COPY
)

// Step is one act.
type Step struct {
	Act     Act
	Service string // of Start, Stop and Kill
	Owned   int    // of Chunks: for each user
	Others  int    // of Chunks: in all, for people who do nothing
}

// Work is what one piece of a load does.
type Work string

// The kinds of work.
const (
	Upload     Work = "upload"
	Status     Work = "status"
	Search     Work = "search"
	Health     Work = "health"
	Deliver    Work = "deliver"     // a held callback: 40 % new, 50 % again, 10 % forged
	SlowUpload Work = "slow upload" // a byte a second
	SlowHeader Work = "slow header" // likewise, of a request's head
	SlowRead   Work = "slow read"   // a file that nobody takes
)

// Spread is how arrivals lie in time.
type Spread string

// The spreads.
const (
	Constant Spread = "constant"
	Poisson  Spread = "poisson"
	AtOnce   Spread = "at once"
)

// Load is one stream of arrivals in an open model.
type Load struct {
	Name   string // no two of a scenario have the same
	Do     Work
	Spread Spread
	Rate   float64       // a second; with Of it is a multiple of that figure
	Of     string        // a figure of a phase before
	For    time.Duration // 0: until Count
	Count  int           // 0: until For
}

// Derived is a figure that follows from two others: Left/Right, or Left-Right.
type Derived struct {
	Name  string
	Minus bool
	Left  string
	Right string
}

// leastWindow is what a look takes at least, however short the run.
const leastWindow = 15 * time.Second

// Scaled is a shorter run of the same scenario: times and counts are
// multiplied, and rates stay.
func (s Scenario) Scaled(by float64) Scenario {
	count := func(n int) int {
		if n == 0 {
			return 0
		}
		return max(1, int(float64(n)*by))
	}
	phases := make([]Phase, len(s.Phases))
	for i, p := range s.Phases {
		p.Window = max(time.Duration(float64(p.Window)*by), min(p.Window, leastWindow))
		p.Before, p.Work = scaledSteps(p.Before, count), scaledSteps(p.Work, count)
		loads := make([]Load, len(p.Loads))
		for j, l := range p.Loads {
			l.For, l.Count = time.Duration(float64(l.For)*by), count(l.Count)
			loads[j] = l
		}
		p.Loads = loads
		phases[i] = p
	}
	s.Phases, s.Lasts = phases, time.Duration(float64(s.Lasts)*by)
	return s
}

func scaledSteps(steps []Step, count func(int) int) []Step {
	scaled := make([]Step, len(steps))
	for i, step := range steps {
		step.Owned, step.Others = count(step.Owned), count(step.Others)
		scaled[i] = step
	}
	return scaled
}

// NeedsDoor says why a deployed place cannot be loaded so; empty says that it can.
func (s Scenario) NeedsDoor() string {
	if s.Place.MemoryMiB > 0 {
		return "it bounds the API's memory"
	}
	for _, p := range s.Phases {
		if p.Midway != nil || len(p.Before)+len(p.Work) > 0 {
			return "it stops, kills or fills parts of the place"
		}
	}
	return ""
}
