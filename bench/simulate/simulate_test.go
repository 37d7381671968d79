package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

// One server whose customers come by chance and are served alike: the mean wait
// is known (Pollaczek and Khinchine): use / (2 (1 - use)) services.
func TestAQueueWaitsAsTheFormulaSays(t *testing.T) {
	t.Parallel()
	const service = 10 * time.Millisecond
	for _, use := range []float64{0.3, 0.5, 0.8} {
		e := &engine{}
		server := &room{engine: e, places: 1}
		next := newExponential()
		var waits []float64
		var arrive func()
		arrive = func() {
			came := e.now
			server.work(service, func() { waits = append(waits, (e.now - came - service).Seconds()) })
			e.after(time.Duration(next()/use*float64(service)), arrive)
		}
		e.after(0, arrive)
		e.until(40 * time.Minute)
		var sum float64
		for _, w := range waits {
			sum += w
		}
		got, want := sum/float64(len(waits)), use/(2*(1-use))*service.Seconds()
		if math.Abs(got-want)/want > 0.05 {
			t.Errorf("use %.1f: waits %.5f s, want %.5f s (%d customers)", use, got, want, len(waits))
		}
		if busy := server.use(40 * time.Minute); math.Abs(busy-use) > 0.02 {
			t.Errorf("the server was busy %.3f of the time, want %.1f", busy, use)
		}
	}
}

// Where one part is far tighter than all others, the capacity is that part's own.
func TestTheTightestPartBoundsTheLine(t *testing.T) {
	t.Parallel()
	free := deployment{Workers: 8, WorkerCores: 2, DatabaseCores: 64, Pages: 10}
	with := func(change func(*deployment)) deployment {
		d := free
		change(&d)
		return d
	}
	held := (parseBase + 10*parsePage).Seconds()
	each := (measured.Database + 10*measured.DatabasePage).Seconds()
	for bound, c := range map[string]struct {
		d    deployment
		want float64
	}{
		"the parser's pace":       {with(func(d *deployment) { d.Provider.Submits = 2 }), 2},
		"the embedder's requests": {with(func(d *deployment) { d.Provider.Requests = 300 }), 5},
		"the embedder's tokens":   {with(func(d *deployment) { d.Provider.Tokens = 10 * tokensPage * 60 }), 1},
		"the database":            {with(func(d *deployment) { d.DatabaseCores = 1 }), 1 / each},
		"the parser's room":       {with(func(d *deployment) { d.Provider.Jobs = 10 }), 10 / (held + 3*callLatency.Seconds())},
	} {
		got := capacity(c.d, measured)
		if got.Bound != bound || math.Abs(got.PerSecond-c.want)/c.want > 0.07 {
			t.Errorf("%s: %.2f documents/s, bounded by %q; want %.2f", bound, got.PerSecond, got.Bound, c.want)
		}
	}
}

// Nothing in it is left to chance: a run again is the same.
func TestARunIsTheSameAgain(t *testing.T) {
	t.Parallel()
	d := deployment{Workers: 2, WorkerCores: 2, DatabaseCores: 2, Pages: 10, Provider: contracts[0]}
	one, two := load(d, measured, 1.5), load(d, measured, 1.5)
	if one.PerSecond != two.PerSecond || !slices.Equal(one.Times, two.Times) || len(one.Times) < 200 {
		t.Errorf("%v and %v documents/s, %d and %d documents", one.PerSecond, two.PerSecond, len(one.Times), len(two.Times))
	}
	if one.percentile(50) < parseBase+10*parsePage {
		t.Errorf("half of the documents took %s, less than the parser alone", one.percentile(50))
	}
}

func TestWhatADayNeeds(t *testing.T) {
	t.Parallel()
	n := million(864_000, 10, costs{Worker: 70 * time.Millisecond, Database: 69 * time.Millisecond})
	if n.Mean != 10 || n.Peak != 30 || n.DatabaseCores != 3 || n.Jobs != int(30*(parseBase+10*parsePage).Seconds()) {
		t.Errorf("%+v", n)
	}
	if want := 864_000 * 10 * 0.00375; math.Abs(n.ParserUSD-want) > 1 {
		t.Errorf("the parser costs %.0f USD, want %.0f", n.ParserUSD, want)
	}
}
