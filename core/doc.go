// Package core holds the words and rules of the document pipeline: what a
// document is, the one table of its way (the Line), what each stage makes, and
// the errors a person may read. It imports the standard library only; what it
// needs of the outside is a one-method interface that boot fills.
package core
