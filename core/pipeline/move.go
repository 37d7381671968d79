package pipeline

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Moving brings a document's file from one tier to the other: it writes down
// where to, copies, reads the copy back and compares it, makes it the document's
// own, and leaves the former one to the sweep. Until then either can be read.
// It may run again after a crash at any point, and beside itself.
type Moving struct {
	Store mover
	Blobs carrier
}

type mover interface {
	BeginMove(ctx context.Context, id core.ID, to core.Tier, limit time.Duration) (core.FileMove, error)
	Switch(ctx context.Context, m core.FileMove, by *core.Audit) error
	GiveUp(ctx context.Context, m core.FileMove) error
}

type carrier interface {
	opener
	Stat(ctx context.Context, key string) (core.Blob, error)
	Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error
}

// Run moves one file; by is who wants it where a person does. core.ErrStale says
// that it lies there already, or that the document moved on without this run.
func (m Moving) Run(ctx context.Context, id core.ID, to core.Tier, by *core.Audit) error {
	within, cancel := context.WithTimeout(ctx, core.MoveTime)
	defer cancel()
	move, err := m.Store.BeginMove(within, id, to, core.MoveTime)
	if err != nil {
		return err
	}
	if err = m.copy(within, move); err == nil {
		err = m.Store.Switch(within, move, by)
	}
	if errors.Is(err, core.ErrStale) || core.HasCode(err, core.CodeFileChanged) || core.HasCode(err, core.CodeFileMissing) {
		return errors.Join(err, m.Store.GiveUp(ctx, move))
	}
	return err // a storage in trouble: the next run takes it up, or else the sweep
}

// copy brings the file there, unless an earlier run did, and proves that what
// lies there is what was uploaded.
func (m Moving) copy(ctx context.Context, move core.FileMove) error {
	_, err := m.Blobs.Stat(ctx, move.To)
	if core.HasCode(err, core.CodeFileMissing) {
		err = m.put(ctx, move)
	}
	if err != nil && !core.HasCode(err, core.CodeStorageConflict) { // that is another run's copy
		return err
	}
	body, blob, err := m.Blobs.Open(ctx, move.To)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	if blob.Size != move.Size {
		return core.Fail(core.CodeFileChanged, nil)
	}
	_, err = io.Copy(io.Discard, checked(body, move.Size, move.SHA256))
	return changed(err)
}

func (m Moving) put(ctx context.Context, move core.FileMove) error {
	body, _, err := m.Blobs.Open(ctx, move.From)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	from := checked(body, move.Size, move.SHA256)
	err = m.Blobs.Put(ctx, move.To, from, move.Size, move.ContentType)
	if from.differs.Load() {
		return core.Fail(core.CodeFileChanged, err)
	}
	return err
}

// changed names the end of a read whose bytes are not the uploaded ones.
func changed(err error) error {
	if errors.Is(err, errChanged) {
		return core.Fail(core.CodeFileChanged, err)
	}
	return err
}
