package pdftext

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// code is the compiled module. The engines of one process that read the same
// file share it: the last one closed frees it.
type code struct {
	runtime wazero.Runtime
	guest   wazero.CompiledModule
	cache   wazero.CompilationCache
	source  source
	users   int
}

// source tells one module file from another, and from itself after a change.
type source struct {
	path, cacheDir string
	size           int64
	changed        time.Time
}

var open = struct {
	sync.Mutex
	codes map[source]*code
}{codes: map[source]*code{}}

// acquire gives the compiled module of a file, compiling it for its first user.
// Another user waits meanwhile, as it would for its own.
func acquire(ctx context.Context, path, cacheDir string) (*code, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	at := source{path, cacheDir, info.Size(), info.ModTime()}
	open.Lock()
	defer open.Unlock()
	c := open.codes[at]
	if c == nil {
		if c, err = compile(ctx, at); err != nil {
			return nil, err
		}
		open.codes[at] = c
	}
	c.users++
	return c, nil
}

// release frees the module after its last user.
func (c *code) release(ctx context.Context) error {
	open.Lock()
	defer open.Unlock()
	if c.users--; c.users > 0 {
		return nil
	}
	delete(open.codes, c.source)
	return c.free(ctx)
}

func (c *code) free(ctx context.Context) error {
	var faults []error
	if c.runtime != nil {
		faults = append(faults, c.runtime.Close(ctx))
	}
	if c.cache != nil {
		faults = append(faults, c.cache.Close(ctx))
	}
	return errors.Join(faults...)
}

func compile(ctx context.Context, at source) (*code, error) {
	module, err := os.ReadFile(at.path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	if module, err = makeStoppable(module); err != nil {
		return nil, fmt.Errorf("prepare the PDFium module at %s (run `make pdfium`): %w", at.path, err)
	}
	c := &code{source: at}
	if err := c.build(ctx, module); err != nil {
		return nil, errors.Join(err, c.free(ctx))
	}
	return c, nil
}

func (c *code) build(ctx context.Context, module []byte) (err error) {
	config := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(maxMemory / wasmPage).
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false)
	if c.source.cacheDir != "" {
		if c.cache, err = wazero.NewCompilationCacheWithDir(c.source.cacheDir); err != nil {
			return fmt.Errorf("open the compilation cache: %w", err)
		}
		config = config.WithCompilationCache(c.cache)
	}
	c.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if c.guest, err = c.runtime.CompileModule(ctx, module); err != nil {
		return fmt.Errorf("compile the PDFium module: %w", err)
	}
	if err := linkHost(ctx, c.runtime, c.guest); err != nil {
		return fmt.Errorf("link the PDFium module: %w", err)
	}
	return nil
}
