//go:build unix

package pdftext

import "syscall"

// reserve maps size bytes that cost nothing until they are touched.
func reserve(size int) []byte {
	region, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil // wazero refuses the instance
	}
	return region
}

func release(region []byte) { _ = syscall.Munmap(region) }
