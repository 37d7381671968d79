package scenario

import (
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// The vendors' limits as deployments have them, and the product's own.
var productionLimits = map[string]string{
	"RATE_FACTOR": "1", "UPLOADS_PER_DAY": "30", "LLAMAPARSE_SUBMITS_PER_SECOND": "4", "LLAMAPARSE_MAX_JOBS": "20",
	"OPENAI_REQUESTS_PER_MINUTE": "3000", "OPENAI_TOKENS_PER_MINUTE": "1000000",
}

// Ten users come to 30 documents a day each, and to 60 searches a minute each.
var limits = Scenario{
	Name: "limits", Title: "Production limits: real rates and quotas, asked for more than they give", Lasts: 4 * time.Minute,
	Place: Place{Parse: usual.Parse, Embed: usual.Embed, Settings: productionLimits}, Users: 10, Own: 1, Paper: leaf,
	Phases: []Phase{{Name: "limits", Drain: 5 * time.Minute, Loads: []Load{
		{Name: "upload", Do: Upload, Spread: Constant, Rate: 4, Count: 400},
		{Name: "search", Do: Search, Spread: Constant, Rate: 20, For: 100 * time.Second},
		{Name: "status", Do: Status, Spread: Poisson, Rate: 50, For: 100 * time.Second},
	}}},
	// One document of each user's 30 was there before.
	Marks: whole("limits", most("upload.failed", 0), most("limits.accepted", 290), onlyWhole(least("limits.accepted", 290)),
		most("search.failed", 0), onlyWhole(least("search.refused", 1)), onlyWhole(least("search.done", 600)), most("status.failed", 0), most("status.refused", 0), most("status.p95_ms", 100)),
}

var slow = Scenario{
	Name: "slow", Title: "Slow clients: 300 that hardly send or take, beside a nominal load", Lasts: 3 * time.Minute,
	Place: usual, Users: 20, Own: 1, Paper: Paper{Pages: 10, PageBytes: 5600, Bytes: 16 << 20},
	Phases: []Phase{{Name: "slow", Drain: 3 * time.Minute, Loads: []Load{
		{Name: "slow_upload", Do: SlowUpload, Spread: AtOnce, Count: 150},
		{Name: "slow_header", Do: SlowHeader, Spread: AtOnce, Count: 100},
		{Name: "slow_read", Do: SlowRead, Spread: AtOnce, Count: 50},
		{Name: "upload", Do: Upload, Spread: Constant, Rate: 1, For: time.Minute},
		{Name: "status", Do: Status, Spread: Poisson, Rate: 50, For: time.Minute},
	}}},
	Marks: whole("slow", most("slow_upload.failed", 0), most("slow_upload.max_ms", 60_000), most("slow_header.failed", 0), most("slow_header.max_ms", 60_000),
		most("slow_read.failed", 0), most("api.growth_mib", 128), most("upload.failed", 0), most("upload.p95_ms", 1000),
		most("status.p95_ms", 100), most("status.failed_share", 0.001), most("spool.files", 0)),
}

// steady is uploads a second that the API takes on two cores without refusing any.
const steady = 50

// rested is a phase of documents that are all there before the worker begins.
func rested(name string, count int) Phase {
	return Phase{Name: name, Before: []Step{{Act: Stop, Service: "worker"}}, Loads: []Load{{Name: name + "_upload", Do: Upload, Spread: Constant, Rate: steady, Count: count}},
		Work: []Step{{Act: Start, Service: "worker"}}, Drain: 5 * time.Minute}
}

// letters is what it takes of letters, while no worker is at work.
const letters = 100

// waiting is a minute's work on a queue that outlasts it: the documents are all
// there before, and none of the minute is the end of what was half done.
func waiting(name string, count int) Phase {
	return Phase{Name: name, Before: []Step{{Act: Stop, Service: "worker"}}, Loads: []Load{{Name: name + "_upload", Do: Upload, Spread: Constant, Rate: letters, Count: count}},
		Work: []Step{{Act: Start, Service: "worker"}}, Window: time.Minute}
}

var queue = Scenario{
	Name: "queue", Title: "A queue of 100,000 documents", Lasts: 20 * time.Minute, Users: 50, Paper: leaf,
	Phases:  []Phase{waiting("short", 8000), waiting("full", 100_000)},
	Derived: []Derived{{Name: "full_share", Left: "full.per_s", Right: "short.per_s"}},
	Marks: []result.Mark{most("short_upload.failed", 0), most("short.document_failures", 0), most("full_upload.failed", 0), most("full.document_failures", 0),
		onlyWhole(least("full.accepted", 99_000)), onlyWhole(least("full_share", 0.8)), most("worker.highest_mib", 300), least("services.alive", 3)},
}

var table = Scenario{
	Name: "table", Title: "A table of 1,000,000 chunks", Lasts: 7 * time.Minute, Users: 20, Own: 1, Paper: ordinary,
	Place: Place{BuffersMiB: 1024}, // as of L9
	Phases: []Phase{rested("empty", 200), {
		// Everybody's first two searches find nothing of theirs in the buffers.
		Name: "first", Before: []Step{{Act: Chunks, Owned: 5000, Others: 900_000}},
		Loads: []Load{{Name: "first_search", Do: Search, Spread: Constant, Rate: 5, Count: 40}},
	}, {
		Name: "asked", Loads: []Load{{Name: "search", Do: Search, Spread: Poisson, Rate: 5, For: 2 * time.Minute}},
	}, rested("full", 200)},
	Derived: []Derived{{Name: "full_share", Left: "full.per_s", Right: "empty.per_s"}},
	Marks:   append(kept("full"), most("empty.lost", 0), most("first_search.failed", 0), most("search.failed", 0), most("search.p95_ms", 50), least("full_share", 0.8)),
}
