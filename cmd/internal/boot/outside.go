package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/filestore"
	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// bucket opens any bucket of the chosen provider's storage.
func (c Config) bucket(name string) (ports.Blobs, error) {
	limits := httpapi.DefaultLimits()
	if c.StorageProvider == "filestore" {
		return c.folder(filepath.Join(c.FilestoreDir, name))
	}
	return supabase.NewStorage(supabase.Config{URL: c.SupabaseURL, ServiceKey: c.SupabaseService.Reveal(), Bucket: name,
		MaxSize: limits.MaxFileBytes, Types: limits.Types})
}

// Storage opens the documents' bucket, without the archive behind it.
func (c Config) Storage() (ports.Blobs, error) { return c.bucket(c.Bucket()) }

// folder opens a filestore, whose addresses are ours.
func (c Config) folder(dir string) (ports.Blobs, error) {
	limits, public := httpapi.DefaultLimits(), strings.TrimSuffix(c.PublicURL, "/")
	return filestore.Open(filestore.Config{Dir: dir, MaxSize: limits.MaxFileBytes, Types: limits.Types,
		PutURL: public + httpapi.PathPut, GetURL: public + httpapi.PathGet, TicketKeys: c.masters()})
}

// engine loads PDFium. Compiling it takes seconds, so the result is kept in a
// cache folder where there is one.
func (c Config) engine(ctx context.Context) (*pdftext.Engine, error) {
	path := c.PDFium
	if path == "" {
		path = pdftext.DefaultPath()
	}
	options := []pdftext.Option{pdftext.WithMaxPages(httpapi.DefaultLimits().MaxPages)}
	if dir := c.engineCache(); dir != "" {
		options = append(options, pdftext.WithCache(dir))
	}
	engine, err := pdftext.Load(ctx, path, options...)
	if err != nil {
		return nil, fmt.Errorf("PDFIUM_WASM: %w", err)
	}
	return engine, nil
}

// engineCache is the cache folder, or "" where none can be written: a read-only
// container compiles at each start.
func (c Config) engineCache() string {
	dir := c.PDFiumCache
	if dir == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, "navigator", "wazero")
	}
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	return dir
}

// parser opens the parser of the configuration; engine is asked for where the
// service itself reads the files.
func (c Config) parser(blobs ports.Blobs, engine func() (*pdftext.Engine, error)) (ports.Parser, error) {
	if c.Parser == "pdftext" {
		loaded, err := engine()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w; PARSER=llamaparse needs no such file in the worker", err)
		}
		if err != nil {
			return nil, err
		}
		return pdftext.NewParser(loaded, blobs, c.SpoolDir), nil
	}
	return llamaparse.New(llamaparse.Config{BaseURL: c.LlamaURL, Key: c.LlamaKey.Reveal(), Tier: c.LlamaTier, Version: c.LlamaVersion,
		Paths: llamaparse.Paths{Files: c.LlamaFiles, Parse: c.LlamaParse}, MaxFailedShare: allPages})
}

// Holdings opens the parser of the configuration for asking what it holds.
func (c Config) Holdings() (ports.Holdings, error) {
	return c.parser(nil, func() (*pdftext.Engine, error) { return nil, nil }) // nothing is read
}

// allPages lets the parser fail single pages without failing the job: the page
// receipt judges them by our own policy, and can name them.
const allPages = 1

// embedder opens the embedder of a model, with so many calls at once. told hears
// what the service says of its limits.
func (c Config) embedder(model string, calls int, told func(openai.Limit)) (ports.Embedder, error) {
	return openai.New(openai.Config{BaseURL: c.OpenAIURL, Key: c.OpenAIKey.Reveal(), Model: model, InFlight: calls, Told: told,
		Organization: c.OpenAIOrg.Reveal(), Project: c.OpenAIProj.Reveal()})
}

// callsBack reports whether the parser is to tell when it is done.
func (c Config) callsBack() bool { return c.WebhookMode != "poll" && c.Parser != "pdftext" }

// Embedder opens the embedder that the settings name, for one call at a time.
func (c Config) Embedder() (ports.Embedder, error) { return c.embedder(c.OpenAIModel, 1, nil) }

// callback says where the parser reports for an attempt, and its secrets.
func (c Config) callback(attempt core.ID) (address, secret, token string) {
	if !c.callsBack() {
		return "", "", ""
	}
	master := []byte(c.WebhookKey.Reveal())
	return c.WebhookURL + "/webhook/llamaparse/" + attempt.String(), llamaparse.Secret(master, attempt), llamaparse.Token(master, attempt)
}

// masters is the keys that a callback may be signed under.
func (c Config) masters() [][]byte {
	keys := [][]byte{[]byte(c.WebhookKey.Reveal())}
	if c.WebhookKeyFormer.Set() {
		keys = append(keys, []byte(c.WebhookKeyFormer.Reveal()))
	}
	return keys
}
