//go:build !unix

package boot

// watchLevel does nothing where there is no SIGUSR1.
func watchLevel(*journal) (end func()) { return func() {} }
