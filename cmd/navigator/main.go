// Command navigator is the tool of a person at a terminal: it runs everything
// on this machine (dev), and uploads, follows, searches and deletes documents
// of any deployment over its HTTP API.
//
// It ends with 0 when all went well, 1 when something failed, 2 when it was
// called wrongly, 3 when every file was uploaded before, 4 when nobody is signed
// in, 5 when the service does not answer, 6 when
// doctor document knows no such document, 7 when smoke --deployed failed while
// an outside service was away, 130 when it was interrupted.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	defer stop()
	w := world{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	if dir, err := os.Getwd(); err == nil {
		w.dir = dir
	}
	if config, err := os.UserConfigDir(); err == nil {
		w.config = config
	}
	return run(ctx, os.Args[1:], w)
}
