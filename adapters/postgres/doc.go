// Package postgres is the store: documents, their attempts, text, chunks and
// vectors, the webhook's inbox and the processes' fingerprints. A document
// moves in one place only: keep.go.
//
// The owner's side (Library) runs each read as role authenticated with the
// owner's claims set for the transaction, and each write as the login role
// under per-user policies. The worker's side (Store) runs as service_role. All
// SQL names its schema; the search path is empty.
package postgres
