// Package riverqueue runs the line's stages as River jobs in the documents' own
// Postgres: job args, one generic worker, verdicts, insert options and periodic
// jobs. Args hold ids and numbers only: they are shown in River UI and kept for
// days.
package riverqueue
