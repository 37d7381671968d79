// Package lokilog sends log lines to Loki beside the durable log on standard
// output. Whoever logs never waits for it: lines stand in a bounded queue, what
// does not fit is dropped and counted, and an end is bounded by its context.
package lokilog
