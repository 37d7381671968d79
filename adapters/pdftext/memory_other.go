//go:build !unix

package pdftext

// reserve allocates at once: the stop word must not move.
func reserve(size int) []byte { return make([]byte, size) }

func release([]byte) {}
