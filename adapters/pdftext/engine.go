package pdftext

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
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
	runtime  wazero.Runtime
	guest    wazero.CompiledModule
	cache    wazero.CompilationCache
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

// Load reads and compiles the PDFium module at path. The error names the fix
// when the file is not there.
func Load(ctx context.Context, path string, options ...Option) (*Engine, error) {
	module, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the PDFium module is not at %s: run `make pdfium`, or set PDFIUM_WASM to the file: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the PDFium module: %w", err)
	}
	if module, err = makeStoppable(module); err != nil {
		return nil, fmt.Errorf("prepare the PDFium module at %s (run `make pdfium`): %w", path, err)
	}
	engine := &Engine{turns: make(chan struct{}, runtime.GOMAXPROCS(0)), maxPages: DefaultMaxPages}
	for _, option := range options {
		option(engine)
	}
	if err := engine.compile(ctx, module); err != nil {
		return nil, errors.Join(err, engine.Close(ctx))
	}
	return engine, nil
}

func (e *Engine) compile(ctx context.Context, module []byte) error {
	config := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(maxMemory / wasmPage).
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false)
	if e.cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(e.cacheDir)
		if err != nil {
			return fmt.Errorf("open the compilation cache: %w", err)
		}
		e.cache = cache
		config = config.WithCompilationCache(cache)
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	guest, err := e.runtime.CompileModule(ctx, module)
	if err != nil {
		return fmt.Errorf("compile the PDFium module: %w", err)
	}
	e.guest = guest
	if err := linkHost(ctx, e.runtime, guest); err != nil {
		return fmt.Errorf("link the PDFium module: %w", err)
	}
	return nil
}

// Close frees the compiled module. No call may be running.
func (e *Engine) Close(ctx context.Context) error {
	var faults []error
	if e.runtime != nil {
		faults = append(faults, e.runtime.Close(ctx))
	}
	if e.cache != nil {
		faults = append(faults, e.cache.Close(ctx))
	}
	return errors.Join(faults...)
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
