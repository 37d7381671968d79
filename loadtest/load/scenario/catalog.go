package scenario

import (
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// most and least make marks.
func most(figure string, bound float64) result.Mark {
	return result.Mark{Figure: figure, Is: result.AtMost, Bound: bound}
}

func least(figure string, bound float64) result.Mark {
	return result.Mark{Figure: figure, Is: result.AtLeast, Bound: bound}
}

// kept is what every phase of documents has to hold: none lost, none failed, and
// every service still there.
func kept(phase string, marks ...result.Mark) []result.Mark {
	return append([]result.Mark{most(phase+".lost", 0), most(phase+".document_failures", 0), least("services.alive", 3)}, marks...)
}

// whole is that, and that the product's own checker finds nothing twice, half
// or stuck. It cannot be asked where rows were added behind the product's back.
func whole(phase string, marks ...result.Mark) []result.Mark {
	return kept(phase, append(marks, most("verify.violations", 0))...)
}

// onlyWhole is a mark for the whole scenario alone, and for no shorter run.
func onlyWhole(m result.Mark) result.Mark {
	m.OnlyWhole = true
	return m
}

// The papers.
var (
	leaf     = Paper{Pages: 1, PageBytes: 2400}
	ordinary = Paper{Pages: 10, PageBytes: 5600, Bytes: 1 << 20} // about 20 chunks
	heavy    = Paper{Pages: 1, PageBytes: 2400, Bytes: 25 << 20} // the largest that is taken
	thick    = Paper{Pages: 500, PageBytes: 11_000}              // about 2,000 chunks
)

// usual is an outside that takes its time, as the vendors do.
var usual = Place{Parse: time.Second, Embed: 100 * time.Millisecond}

// All are the scenarios, in the order in which they are told.
func All() []Scenario {
	return []Scenario{smoke, nominal, burst, large, bounded, soak, storm, thickDocument, overload, search, limits, slow, queue, table}
}

// Find finds a scenario by its name.
func Find(name string) (Scenario, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

var smoke = Scenario{
	Name: "L1", Title: "Smoke: 10 documents of one user", Lasts: 15 * time.Second, Place: usual, Users: 1, Paper: ordinary,
	Phases: []Phase{{Name: "smoke", Loads: []Load{{Name: "upload", Do: Upload, Spread: AtOnce, Count: 10}}, Drain: time.Minute}},
	Marks:  whole("smoke", most("upload.failed", 0), most("upload.refused", 0), most("smoke.complete.max_ms", 30_000)),
}

var nominal = Scenario{
	Name: "L2", Title: "Nominal: 2 documents a second for 10 minutes, 20 users, 50 reads a second", Lasts: 11 * time.Minute,
	Place: usual, Users: 20, Own: 1, Paper: ordinary,
	Phases: []Phase{{Name: "nominal", Drain: 2 * time.Minute, Loads: []Load{
		{Name: "upload", Do: Upload, Spread: Constant, Rate: 2, For: 10 * time.Minute},
		{Name: "status", Do: Status, Spread: Poisson, Rate: 50, For: 10 * time.Minute},
	}}},
	Marks: whole("nominal", most("upload.p95_ms", 500), most("upload.p99_ms", 1000), most("upload.failed", 0), most("upload.refused", 0),
		most("status.p95_ms", 100), most("status.failed_share", 0.001), most("callbacks.p99_ms", 250), most("nominal.complete.p95_ms", 10_000)),
}

var burst = Scenario{
	Name: "L3", Title: "Burst: 200 uploads of 50 users in 10 seconds", Lasts: time.Minute, Place: usual, Users: 50, Paper: ordinary,
	Phases: []Phase{{Name: "burst", Loads: []Load{{Name: "upload", Do: Upload, Spread: Poisson, Rate: 20, Count: 200}}, Drain: 3 * time.Minute}},
	Marks:  whole("burst", most("upload.failed", 0), most("burst.complete.max_ms", 120_000)),
}

var large = Scenario{
	Name: "L4", Title: "Large files: 50 of 25 MiB at once", Lasts: time.Minute, Place: usual, Users: 10, Own: 1, Paper: heavy,
	Phases: []Phase{{Name: "large", Loads: []Load{{Name: "upload", Do: Upload, Spread: AtOnce, Count: 50}}, Drain: 5 * time.Minute}},
	Marks: whole("large", most("upload.failed", 0), most("upload.refused", 0), most("upload.max_ms", 30_000),
		most("api.growth_mib", 64), most("spool.files", 0)),
	Sample: 200 * time.Millisecond,
}

var bounded = Scenario{
	Name: "L4-256", Title: "Large files: 100 of 25 MiB at once, the API held to 256 MiB", Lasts: 2 * time.Minute,
	Place: Place{Parse: usual.Parse, Embed: usual.Embed, MemoryMiB: 256}, Users: 10, Own: 1, Paper: heavy,
	Phases: []Phase{{Name: "large", Loads: []Load{{Name: "upload", Do: Upload, Spread: AtOnce, Count: 100}}, Drain: 5 * time.Minute}},
	Marks:  whole("large", most("upload.failed", 0), most("api.highest_mib", 256), most("spool.files", 0)),
	Sample: 200 * time.Millisecond,
}

var soak = Scenario{
	Name: "L5", Title: "Soak: a document a second for an hour", Lasts: 62 * time.Minute, Place: usual, Users: 20, Own: 1, Paper: ordinary,
	Phases: []Phase{{Name: "soak", Drain: 2 * time.Minute, Loads: []Load{{Name: "upload", Do: Upload, Spread: Poisson, Rate: 1, For: time.Hour}}}},
	Sample: 5 * time.Second,
	Marks:  whole("soak", append(flat(), most("upload.failed", 0), most("queue.unfinished.most", 60))...),
}

// flat is what must not grow once warm: memory by 1 MiB in ten minutes, the rest
// by hardly anything. A run of minutes is not yet warm.
func flat() (marks []result.Mark) {
	for _, service := range services {
		marks = append(marks, onlyWhole(most(service+".rss_mib.slope_per_minute", 0.1)),
			onlyWhole(most(service+".goroutines.slope_per_minute", 0.5)), onlyWhole(most(service+".descriptors.slope_per_minute", 0.5)))
	}
	return append(marks, onlyWhole(most("database.connections.slope_per_minute", 0.5)))
}

var storm = Scenario{
	Name: "L6", Title: "Webhook storm: 200 callbacks a second, 40 % new, 50 % again, 10 % forged", Lasts: 90 * time.Second,
	// Nothing but a callback moves a document on: nobody asks the parser meanwhile.
	Place: Place{Settings: map[string]string{"PARSE_POLLS": "30m"}}, Users: 20, Paper: leaf,
	Phases: []Phase{
		{Name: "stock", Before: []Step{{Act: Hold}}, Loads: []Load{{Name: "upload", Do: Upload, Spread: Constant, Rate: 40, Count: 800}}, Work: []Step{{Act: AwaitLetters}}},
		{Name: "storm", Loads: []Load{{Name: "deliver", Do: Deliver, Spread: Poisson, Rate: 200, Count: 2000}}, Work: []Step{{Act: Pass}}, Drain: 3 * time.Minute},
	},
	Marks: whole("storm", most("upload.failed", 0), most("deliver.p99_ms", 1000), most("deliver.failed", 0), least("deliver.done", 1)),
}

var thickDocument = Scenario{
	Name: "L7", Title: "Large document: 500 pages, 2,000 chunks, the worker killed midway", Lasts: time.Minute,
	Place: Place{Parse: time.Second, Embed: 400 * time.Millisecond}, Users: 1, Paper: thick,
	Phases: []Phase{{Name: "thick", Loads: []Load{{Name: "upload", Do: Upload, Spread: AtOnce, Count: 1}},
		Midway: &Midway{Figure: "chunks.embedded_of_open", Least: 300, Steps: []Step{{Act: Kill, Service: "worker"}, {Act: Start, Service: "worker"}}}, Drain: 5 * time.Minute}},
	Derived: []Derived{{Name: "embedder.paid_twice", Minus: true, Left: "embedder.inputs", Right: "chunks.total"}},
	// The request that the kill cut off is one that the embedder did not answer.
	Marks: whole("thick", least("chunks.total", 1500), most("worker.highest_mib", 256), most("embedder.refused", 1),
		least("thick.midway", 1), most("embedder.paid_twice", 100)),
	Sample: 200 * time.Millisecond,
}

var overload = Scenario{
	Name: "L8", Title: "Overload: three times the measured capacity for 2 minutes", Lasts: 8 * time.Minute, Users: 50, Paper: ordinary,
	Phases: []Phase{
		{Name: "capacity", Loads: []Load{{Name: "fill", Do: Upload, Spread: AtOnce, Count: 200}}, Drain: 5 * time.Minute},
		{Name: "overload", Drain: 5 * time.Minute, Loads: []Load{
			{Name: "upload", Do: Upload, Spread: Poisson, Rate: 3, Of: "capacity.per_s", For: 2 * time.Minute},
			{Name: "health", Do: Health, Spread: Constant, Rate: 5, For: 2 * time.Minute},
		}},
	},
	Derived: []Derived{{Name: "goodput_share", Left: "overload.during_per_s", Right: "capacity.per_s"}},
	Marks:   whole("overload", most("upload.failed", 0), least("goodput_share", 0.7), most("health.p99_ms", 200), most("health.failed", 0), most("overload.drained_s", 300)),
}

var search = Scenario{
	Name: "L9", Title: "Search and status with 100,000 chunks of 20 users, while documents come in", Lasts: 5 * time.Minute, Users: 20, Own: 1, Paper: ordinary,
	// What is searched is some 800 MiB of pages. Production's compute is Supabase's Medium, of 4 GB.
	Place: Place{BuffersMiB: 1024},
	Phases: []Phase{{Name: "ingest", Before: []Step{{Act: Chunks, Owned: 5000}}, Drain: 2 * time.Minute, Loads: []Load{
		{Name: "search", Do: Search, Spread: Poisson, Rate: 20, For: time.Minute},
		{Name: "status", Do: Status, Spread: Poisson, Rate: 50, For: time.Minute},
		{Name: "upload", Do: Upload, Spread: Constant, Rate: 2, For: time.Minute},
	}}},
	Marks: kept("ingest", most("search.p95_ms", 200), most("search.failed", 0), most("search.refused", 0), most("status.p95_ms", 100), most("status.failed", 0),
		most("upload.failed", 0), most("upload.refused", 0)),
}
