// Package retrieval judges search by questions: the insurance papers of
// loadtest/corpus, read, cut and embedded as the line does it, among thousands
// of chunks of the same owner's other documents. It holds tests alone; one of
// them prints the table of docs/search.md and holds its bar.
package retrieval
