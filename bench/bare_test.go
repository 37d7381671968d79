package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
)

// bareMain is a rival server in a process of its own. It says that it serves
// the way the services do.
func bareMain(kind string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	handler, err := bareHandler(ctx, kind)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server := &http.Server{Handler: handler}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	slog.New(slog.NewJSONHandler(os.Stdout, nil)).Info("ready", "api", "http://"+listener.Addr().String())
	_ = server.Serve(listener) // it ends by being closed
	return 0
}

// bareHandler is the rival of that kind, by the settings that go with it.
func bareHandler(ctx context.Context, kind string) (http.Handler, error) {
	switch kind {
	case "spool", "forward":
		return spooler{dir: os.Getenv("BENCH_SPOOL"), storage: os.Getenv("BENCH_STORAGE")}, nil
	case "insert":
		return newInserter(ctx, os.Getenv("BENCH_DATABASE"))
	}
	return nil, fmt.Errorf("no rival of the kind %q", kind)
}

// inserter keeps the body of each request as one row, and does nothing else.
type inserter struct{ pool *pgxpool.Pool }

func newInserter(ctx context.Context, address string) (inserter, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return inserter{}, err
	}
	config.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, config) // it goes with the process
	return inserter{pool}, err
}

// ServeHTTP implements http.Handler.
func (i inserter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, err = i.pool.Exec(r.Context(), "insert into bench.callbacks (id, body) values ($1, $2)", core.NewID(), body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, map[string]bool{"ok": true})
}

// spooler takes a file from a multipart body to an unlinked temporary file
// while it is hashed, and, where there is a storage, from there on to it.
type spooler struct{ dir, storage string }

// ServeHTTP implements http.Handler.
func (s spooler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	size, digest, err := s.take(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, map[string]any{"bytes": size, "sha256": digest})
}

func (s spooler) take(r *http.Request) (int64, string, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return 0, "", err
	}
	part, err := parts.NextPart()
	if err != nil {
		return 0, "", err
	}
	file, err := os.CreateTemp(s.dir, "bare-*")
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return 0, "", err
	}
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, digest), part)
	if err == nil && s.storage != "" {
		err = s.forward(r.Context(), file, size)
	}
	return size, hex.EncodeToString(digest.Sum(nil)), err
}

func (s spooler) forward(ctx context.Context, file *os.File, size int64) error {
	address := s.storage + "/storage/v1/object/bench/" + core.NewID().String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, io.NewSectionReader(file, 0, size))
	if err != nil {
		return err
	}
	request.ContentLength = size
	request.Header.Set("Content-Type", pdftext.TypePDF)
	return accepted(http.DefaultClient, request)
}
