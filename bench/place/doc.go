// Package place is a private place to measure: PostgreSQL, the services' real
// binaries as processes of their own, an outside of fakes, and a control door
// by which a load generator on the same machine asks for what no client of the
// product may do: figures of the processes, kills, callbacks held back, rows.
//
// It is not deployed and no service links it. Its program is bench/place/serve.
package place
