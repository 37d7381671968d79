// Package corpus generates realistic insurance papers: the documents that
// tests read, that search is judged by and that load is made of.
//
// Every document is built from the same bytes on every machine, and carries
// questions a member would ask, each with the page that answers it and a
// phrase that stands there.
package corpus
