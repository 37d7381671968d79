package pdftext

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// ModuleFile is the module's file name: the version is part of it.
const ModuleFile = "pdfium-2.15.1.wasm"

// ImagePath is where container images keep the module.
const ImagePath = "/opt/navigator/pdfium.wasm"

// Limits of one document.
const (
	DefaultMaxPages = 2000
	maxMemory       = 256 << 20 // bytes of WebAssembly memory
	maxPageText     = 1 << 20   // characters read of one page
)

// Engine reads documents. It is safe for concurrent use.
type Engine struct {
	code     *code
	closed   sync.Once
	turns    chan struct{}
	maxPages int
	cacheDir string
}

// Option changes how an Engine works.
type Option func(*Engine)

// WithCache keeps the compiled module in a directory: a later Load takes tens
// of milliseconds instead of seconds.
func WithCache(dir string) Option { return func(e *Engine) { e.cacheDir = dir } }

// WithConcurrency bounds how many documents are read at once; each takes up to
// 256 MiB. The default is GOMAXPROCS.
func WithConcurrency(n int) Option {
	return func(e *Engine) { e.turns = make(chan struct{}, max(n, 1)) }
}

// WithMaxPages changes how many pages a document may have.
func WithMaxPages(n int) Option { return func(e *Engine) { e.maxPages = n } }

// DefaultPath is where the module is looked for: the environment variable
// PDFIUM_WASM, the .local/pdfium of the source tree around the working
// directory, and last the place it has in container images.
func DefaultPath() string {
	if path := os.Getenv("PDFIUM_WASM"); path != "" {
		return path
	}
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
			return filepath.Join(dir, ".local", "pdfium", ModuleFile)
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ImagePath
}

// Load reads and compiles the PDFium module at path. Engines of the same file
// that are open at once share the compiled code. The error names the fix when
// the file is not there.
func Load(ctx context.Context, path string, options ...Option) (*Engine, error) {
	engine := &Engine{turns: make(chan struct{}, runtime.GOMAXPROCS(0)), maxPages: DefaultMaxPages}
	for _, option := range options {
		option(engine)
	}
	compiled, err := acquire(ctx, path, engine.cacheDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the PDFium module is not at %s: run `make pdfium`, or set PDFIUM_WASM to the file: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("the PDFium module: %w", err)
	}
	engine.code = compiled
	return engine, nil
}

// Close gives the compiled module back, once. No call may be running.
func (e *Engine) Close(ctx context.Context) error {
	var err error
	e.closed.Do(func() { err = e.code.release(ctx) })
	return err
}

// enter waits for a turn; leave gives it back.
func (e *Engine) enter(ctx context.Context) error {
	select {
	case e.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn to read the document: %w", ctx.Err())
	}
}

func (e *Engine) leave() { <-e.turns }
