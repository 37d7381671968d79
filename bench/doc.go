// Package bench measures the product beside bare rivals on one machine in one
// run: the line's throughput beside binary COPY of the same rows, beside
// hand-written empty River stages and beside a hand-written line that does the
// same without the guarantees, the latency of a document's six hops, the upload
// beside a bare handler that spools the same way, the webhook beside one that
// inserts a row, what a document of 1,000 pages needs, and the exact search.
//
// It holds benchmarks alone: `make bench` runs them, and BENCH=Hop one of them.
// The services are the real binaries as processes of their own; the outside is
// the fakes without latency; the database is a private PostgreSQL that is safe
// (fsync on, db/pgserver's own settings), made for the run and removed.
//
// Nothing here asserts on time. Each figure goes to the benchmark's own line,
// to one table at the end, and, where BENCH_OUT is set, to a JSON file in
// bench/out. The ratios travel between machines better than the figures do:
// client, fakes, services and database share the same cores.
package bench
