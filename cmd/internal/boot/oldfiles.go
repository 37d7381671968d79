package boot

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
	"github.com/insurance-navigator/navigator/db/legacy"
	"github.com/insurance-navigator/navigator/ports"
)

// oldFiles reads the predecessor's buckets, which are never written, and copies
// to ours.
type oldFiles struct {
	config Config
	ours   ports.Blobs // nil in a dry run
	engine *pdftext.Engine
	rules  intake.Rules
	old    map[string]ports.Blobs
}

func openOldFiles(ctx context.Context, config Config, dryRun bool) (*oldFiles, error) {
	f := &oldFiles{config: config, rules: httpapi.DefaultLimits().Rules(), old: map[string]ports.Blobs{}}
	var err error
	if !dryRun {
		if f.ours, err = config.prepareOurs(ctx); err != nil {
			return nil, err
		}
	}
	f.engine, err = config.engine(ctx)
	return f, err
}

func (f *oldFiles) close() { _ = f.engine.Close(context.Background()) }

// bucket opens one of the old buckets. In a filestore one that is not there is
// not made by looking.
func (f *oldFiles) bucket(name string) (ports.Blobs, error) {
	if blobs, ok := f.old[name]; ok {
		return blobs, nil
	}
	if f.config.StorageProvider == "filestore" {
		if _, err := os.Stat(filepath.Join(f.config.FilestoreDir, name)); err != nil {
			return nil, core.Fail(core.CodeFileMissing, err)
		}
	}
	blobs, err := f.config.bucket(name)
	if err == nil {
		f.old[name] = blobs
	}
	return blobs, err
}

// read copies an old file to the disk of this machine.
func (f *oldFiles) read(ctx context.Context, p legacy.Path) (*intake.Spool, error) {
	blobs, err := f.bucket(p.Bucket)
	if err != nil {
		return nil, err
	}
	body, _, err := blobs.Open(ctx, p.Key)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // it was only read
	spool, err := intake.NewSpool(f.config.SpoolDir)
	if err != nil {
		return nil, err
	}
	var counted int64
	if err := spool.Fill(body, f.rules.MaxBytes, &counted); err != nil {
		spool.Close()
		return nil, err
	}
	return spool, nil
}

// Hold implements legacy.Files. The name and the type that a row claims are not
// held against the file: its digest proves more.
func (f *oldFiles) Hold(ctx context.Context, p legacy.Path) (legacy.Held, error) {
	spool, err := f.read(ctx, p)
	if err != nil {
		return nil, err
	}
	held := &heldFile{spool: spool, ours: f.ours, engine: f.engine, facts: legacy.Facts{Size: spool.Size, Sum: spool.Sum}}
	held.facts.Inspection, err = f.rules.Inspect(ctx, f.engine, spool.Reader(), spool.Size, "", "")
	if err != nil {
		spool.Close()
		return nil, err
	}
	return held, nil
}

// Text implements legacy.Files. A text the database cannot hold is none.
func (f *oldFiles) Text(ctx context.Context, p legacy.Path) (string, error) {
	spool, err := f.read(ctx, p)
	if err != nil {
		return "", err
	}
	defer spool.Close()
	bytes, err := io.ReadAll(spool.Reader())
	if err != nil {
		return "", intake.Trouble(err)
	}
	text := string(bytes)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", core.Fail(core.CodeFileBroken, nil)
	}
	return text, nil
}

// heldFile is an old file on this machine's disk.
type heldFile struct {
	spool  *intake.Spool
	ours   ports.Blobs
	engine *pdftext.Engine
	facts  legacy.Facts
}

// Facts implements legacy.Held.
func (h *heldFile) Facts() legacy.Facts { return h.facts }

// Pages implements legacy.Held. A page that cannot be read has no text.
func (h *heldFile) Pages(ctx context.Context) ([]string, error) {
	pages, err := h.engine.Pages(ctx, h.spool.Reader(), h.facts.Size)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(pages))
	for i, page := range pages {
		texts[i] = page.Text
	}
	return texts, nil
}

// Close implements legacy.Held.
func (h *heldFile) Close() { h.spool.Close() }

// Store implements legacy.Held. What lies under the key afterwards is read back,
// whoever put it there: the old bucket may be removed after this.
func (h *heldFile) Store(ctx context.Context, key string) error {
	err := h.ours.Put(ctx, key, h.spool.Reader(), h.facts.Size, h.facts.Type)
	if err != nil && !core.HasCode(err, core.CodeStorageConflict) {
		return err
	}
	body, _, err := h.ours.Open(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	digest := sha256.New()
	if _, err := io.Copy(digest, body); err != nil {
		return err
	}
	if [32]byte(digest.Sum(nil)) != h.facts.Sum {
		return core.Fail(core.CodeFileChanged, nil)
	}
	return nil
}

var (
	_ legacy.Files = (*oldFiles)(nil)
	_ legacy.Held  = (*heldFile)(nil)
)
