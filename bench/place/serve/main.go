// Command serve opens a private place, says on standard output where its
// control door is, and closes it when its standard input ends or it is told to
// stop. It runs at the module's root.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/insurance-navigator/navigator/bench/place"
)

// command is what the place is told.
type command struct {
	Bin     string            `default:"bin" help:"Folder of the services' programs and of navigator."`
	Parse   time.Duration     `help:"What the parser takes for a document."`
	Embed   time.Duration     `help:"What the embedder takes for a request."`
	Set     map[string]string `help:"A setting of every service: NAME=VALUE; may be repeated."`
	Memory  int64             `placeholder:"MIB" help:"The most memory the API may use; 0: no bound."`
	Buffers int64             `placeholder:"MIB" help:"The database's shared_buffers; 0: those of make dev."`
	Logs    string            `placeholder:"FILE" help:"Where the services' logs go; empty: nowhere."`
}

func main() {
	var c command
	kong.Parse(&c, kong.Description("A private place to load: PostgreSQL, the services, an outside of fakes, and a control door."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "place:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only unhooks signals
	}
}

func (c command) run(ctx context.Context) (err error) {
	settings := map[string]string{}
	if c.Buffers > 0 {
		settings["shared_buffers"] = fmt.Sprintf("%dMB", c.Buffers)
	}
	cluster, err := place.OpenCluster(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	database, err := cluster.NewDatabase(ctx)
	if err != nil {
		return err
	}
	options := place.Options{Bin: c.Bin, Dir: filepath.Join(cluster.Dir(), "place"), Parse: c.Parse, Embed: c.Embed, Env: c.Set, MemoryBytes: c.Memory * place.MiB}
	if c.Logs != "" {
		file, err := os.Create(c.Logs)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // a log is a help, not a result
		options.Log = file
	}
	p, err := place.Open(ctx, database, options)
	if err != nil {
		return err
	}
	return errors.Join(serve(ctx, p), p.Close())
}

// serve opens the door until nobody wants it any more.
func serve(ctx context.Context, p *place.Place) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: p.Door(), ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // it ends with whoever holds the other end, or with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	slog.New(slog.NewJSONHandler(os.Stdout, nil)).Info("ready", "door", "http://"+listener.Addr().String())
	select {
	case <-ctx.Done():
		return server.Close()
	case err := <-ended:
		return err
	}
}
