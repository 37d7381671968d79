// Command ctl starts and stops the database server that the tests share.
//
//	go run ./db/dbtest/ctl start   find or install PostgreSQL, start it
//	go run ./db/dbtest/ctl url     print the superuser's URL, starting it if needed
//	go run ./db/dbtest/ctl stop    stop it
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/insurance-navigator/navigator/db/dbtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: ctl start|url|stop")
	}
	switch args[0] {
	case "start":
		_, err := dbtest.Start(ctx, true, logf)
		return err
	case "url":
		target, err := dbtest.Start(ctx, true, logf)
		if err == nil {
			fmt.Println(target)
		}
		return err
	case "stop":
		ran, err := dbtest.Stop(ctx)
		if err == nil && !ran {
			logf("the test server was not running")
		}
		return err
	}
	return fmt.Errorf("unknown command %q: start, url or stop", args[0])
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
