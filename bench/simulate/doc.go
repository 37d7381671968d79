// Command simulate plays the line with 1 to 32 workers under the providers'
// limits: how many documents a second each deployment brings through, what
// bounds it, how long a document takes, and what a million documents a day
// would need.
//
//	go run ./bench/simulate            # the tables of docs/performance.md
//	go run ./bench/simulate -json      # the same for machines
//
// It is a discrete-event simulation: places in queues, processors, the pace and
// the room of the providers are the product's own settings; what a step costs
// is measured (costs.go says by which command). It knows no crash, no retry and
// no noise: it tells where a bound lies, and not what a bad day is like.
package main
