// Command schemadump prints the schema of a freshly migrated database.
//
//	go run ./db/schemadump           print it
//	go run ./db/schemadump -write    write db/schema.sql
//	go run ./db/schemadump -check    fail when db/schema.sql differs
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/internal/dump"
)

// file is where the print is kept, from the module's root.
const file = "db/schema.sql"

func main() { os.Exit(command()) }

// command returns the exit code.
func command() int {
	write := flag.Bool("write", false, "write "+file)
	check := flag.Bool("check", false, "fail when "+file+" differs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *write, *check); err != nil {
		fmt.Fprintln(os.Stderr, "schemadump:", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, write, check bool) error {
	text, err := fresh(ctx)
	if err != nil {
		return err
	}
	switch {
	case write:
		return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // a source file, for everyone to read
	case check:
		kept, err := os.ReadFile(file)
		if err != nil || string(kept) != text {
			return errors.New(file + " is not what the migrations make: " + dump.Command)
		}
		return nil
	default:
		_, err := fmt.Print(text)
		return err
	}
}

// fresh dumps a database made and migrated for it, and drops it. Its name is of
// the form that dbtest sweeps, should this process be killed.
func fresh(ctx context.Context) (text string, err error) {
	server, err := dbtest.Start(ctx, true, logf)
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("connect to the test server: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	name := fmt.Sprintf("navigator_test_%d_%s", time.Now().Unix(), strings.ToLower(rand.Text()[:12]))
	if _, err := conn.Exec(ctx, "create database "+name); err != nil {
		return "", fmt.Errorf("create a database: %w", err)
	}
	defer func() {
		_, dropped := conn.Exec(context.WithoutCancel(ctx), "drop database "+name+" with (force)")
		err = errors.Join(err, dropped)
	}()
	target, err := within(server, name)
	if err != nil {
		return "", err
	}
	if err := db.Migrate(ctx, target); err != nil {
		return "", err
	}
	return dump.Dump(ctx, target)
}

// within is the server's URL with another database.
func within(server, name string) (string, error) {
	address, err := url.Parse(server)
	if err != nil {
		return "", errors.New("the test server's address cannot be read")
	}
	address.Path = "/" + name
	return address.String(), nil
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
