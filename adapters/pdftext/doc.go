// Package pdftext turns documents (PDF, Word, HTML and plain text) into
// pages of markdown without an outside service and without cgo.
//
// PDF is read by PDFium, compiled to WebAssembly and run by wazero: the parser
// of hostile files lives in a sandbox that has no files, no network and a
// bounded memory, and the binary stays static. Of the ways measured it is the
// only one that finds the words poppler finds at a few milliseconds a page.
//
// Every document gets its own instance of the module, closed when the call
// ends: WebAssembly memory never shrinks, and nothing of one document can
// reach another. Every loop of the module looks at a stop word in its memory,
// so that a deadline ends a parse at once (see stop.go).
//
// The module is not part of the source: `make pdfium` fetches it with a pinned
// version and hash.
package pdftext
