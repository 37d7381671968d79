package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
)

// Arriving makes a document of a file that its owner sent to the storage
// himself. Nothing but the stored bytes is believed. It may run again after a
// crash at any point, and beside itself: the upload's state is changed once, and
// an object that no document owns is removed after that.
type Arriving struct {
	Store     uploads
	Blobs     landing
	Inspector core.Inspector
	Rules     intake.Rules
	SpoolDir  string
	Grace     time.Duration // a file that began in time may take this long to arrive
	GiveUp    time.Duration // after the expiry: a file that cannot be looked at by then has failed
	Now       func() time.Time
}

type uploads interface {
	// Upload reads an announced upload; core.ErrStale says there is none.
	Upload(ctx context.Context, id core.ID) (core.Upload, error)

	// Awaited lists up to limit uploads whose file is awaited, the one that was
	// looked at longest ago first, and notes that they are being looked at.
	Awaited(ctx context.Context, limit int) ([]core.Upload, error)

	// Notice enqueues the arrival of an upload's file, once.
	Notice(ctx context.Context, id core.ID) error

	// Admit makes the document, its first attempt and its first job, and ends
	// the ticket's job; or, where the owner has the content, takes that document
	// up again if it failed, and ends the upload as its duplicate. It tells which
	// of the two. core.ErrStale says that the upload is not awaited any more.
	Admit(ctx context.Context, up core.Upload, file core.Arrived, ticket any) (core.UploadState, error)

	// Refuse ends an awaited upload as failed or expired; of any other it
	// changes nothing.
	Refuse(ctx context.Context, id core.ID, state core.UploadState, why core.Trouble) error
}

type landing interface {
	opener
	deleter
	Stat(ctx context.Context, key string) (core.Blob, error)
}

// Run takes in one upload's file. A file that is not there yet is no error: the
// next look finds it.
func (a Arriving) Run(ctx context.Context, id core.ID, ticket any) error {
	up, err := a.Store.Upload(ctx, id)
	switch {
	case err != nil:
		return err
	case up.State == core.UploadArrived:
		return core.ErrStale
	case up.State != core.UploadAwaited: // an earlier run may have ended before the object did
		return a.Blobs.Delete(ctx, up.Key)
	}
	file, err := a.look(ctx, up)
	if err != nil {
		return a.unseen(ctx, up, err)
	}
	state, err := a.Store.Admit(ctx, up, file, ticket)
	if err != nil || state == core.UploadArrived {
		return err
	}
	return a.Blobs.Delete(ctx, up.Key)
}

// look reads the stored file whole and judges it.
func (a Arriving) look(ctx context.Context, up core.Upload) (file core.Arrived, err error) {
	body, blob, err := a.Blobs.Open(ctx, up.Key)
	if err != nil {
		return file, err
	}
	defer body.Close() //nolint:errcheck // it was only read
	switch {
	case blob.Size == 0:
		return file, core.Fail(core.CodeFileEmpty, nil)
	case blob.Size > a.Rules.MaxBytes:
		return file, core.Fail(core.CodeFileTooLarge, nil)
	case blob.Size != up.Size:
		return file, core.Fail(core.CodeSizeDiffers, nil)
	}
	disk, err := intake.NewSpool(a.SpoolDir)
	if err != nil {
		return file, err
	}
	defer disk.Close()
	if err := disk.Fill(body, up.Size, new(int64)); err != nil {
		return file, err
	}
	if disk.Size != up.Size {
		return file, core.Fail(core.CodeStorageUnavailable, errors.New("the storage sent another number of bytes"))
	}
	found, err := a.Rules.Inspect(ctx, a.Inspector, disk.Reader(), disk.Size, up.ContentType, up.Name)
	return core.Arrived{ContentType: found.Type, SHA256: disk.Sum, Pages: found.Pages, Marks: found.Marks}, err
}

// unseen settles a file that is not taken. What is the file's own fault ends
// the upload; what is ours is tried again, but not for ever.
func (a Arriving) unseen(ctx context.Context, up core.Upload, cause error) error {
	switch {
	case core.HasCode(cause, core.CodeFileMissing):
		return a.missing(ctx, up)
	case errors.Is(cause, context.Canceled): // the process ends, and this says nothing of the file
		return cause
	case core.AsError(cause).Kind != core.Invalid && a.Now().Before(up.ExpiresAt.Add(a.GiveUp)):
		return cause
	}
	firm, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel() // a run that was out of time has to be able to say so
	if err := a.Store.Refuse(firm, up.Document, core.UploadFailed, core.TroubleOf(core.AwaitingFile, cause)); err != nil {
		return err
	}
	return a.Blobs.Delete(firm, up.Key)
}

// missing ends an upload whose file is overdue.
func (a Arriving) missing(ctx context.Context, up core.Upload) error {
	if a.Now().Before(up.ExpiresAt.Add(a.Grace)) {
		return nil
	}
	return a.Store.Refuse(ctx, up.Document, core.UploadExpired,
		core.TroubleOf(core.AwaitingFile, core.Fail(core.CodeUploadExpired, nil)))
}

// Round looks once for the file of each of up to limit awaited uploads: one
// that came is taken in by a job of its own, one that is overdue expires. A
// client that never asks again is served by it.
func (a Arriving) Round(ctx context.Context, limit int) error {
	awaited, err := a.Store.Awaited(ctx, limit)
	if err != nil {
		return err
	}
	for _, up := range awaited {
		_, err := a.Blobs.Stat(ctx, up.Key)
		switch {
		case err == nil:
			err = a.Store.Notice(ctx, up.Document)
		case core.HasCode(err, core.CodeFileMissing):
			err = a.missing(ctx, up)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
