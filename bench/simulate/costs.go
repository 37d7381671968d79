package main

import "time"

// costs is what one document takes of the machines, apart from the providers'
// own time: a share that each has, and one of each page.
//
// Measured by `make bench BENCH=Line` on the machine of docs/performance.md:
// letters of one page, documents of 10 and of 250 pages, with fakes that answer
// at once. The database's is all its processes' CPU, the worker's its own.
type costs struct {
	Worker, WorkerPage     time.Duration
	Database, DatabasePage time.Duration
}

var measured = costs{
	Worker: 4200 * time.Microsecond, WorkerPage: 690 * time.Microsecond,
	Database: 8400 * time.Microsecond, DatabasePage: 1170 * time.Microsecond,
}

// A page's share of chunks and tokens: the bench's own pages, which are of
// 3,900 characters.
const (
	chunksPage = 2
	tokensPage = 700
	batchSize  = 100 // chunks of one request, at the most
)

// Of the database's cost, how much falls on each of the six stages: the chunks
// are cut in one, their vectors kept in another.
var shares = map[string]float64{"parse": 0.15, "receive": 0.2, "validate": 0.1, "chunk": 0.25, "embed": 0.25, "finish": 0.05}

// provider is what a contract with the two outside services allows, and how
// long they take.
type provider struct {
	Name string

	Submits  float64 // parser: submissions a second; 0: as many as come
	Jobs     int     // parser: documents that it holds at once; 0: as many as come
	Requests float64 // embedder: a minute
	Tokens   float64 // embedder: a minute
}

// contracts are those that the vendors sell (docs/costs.md), and none at all.
var contracts = []provider{
	{Name: "Pro and tier 1", Submits: 4, Jobs: 20, Requests: 3_000, Tokens: 1_000_000},
	{Name: "Enterprise and tier 5", Submits: 4, Jobs: 100, Requests: 10_000, Tokens: 10_000_000},
	{Name: "no limit", Submits: 0, Jobs: 0, Requests: 0, Tokens: 0},
}

// The providers' own time. They are assumptions, and can be set: the vendors
// promise none.
var (
	parseBase   = 4 * time.Second        // of a document
	parsePage   = 500 * time.Millisecond // and each page of it
	callLatency = 120 * time.Millisecond // a submission, a result, a file read or handed over
	embedTime   = 350 * time.Millisecond // a batch
)
