package httpapi

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// lookEvery is the least time between two looks for one upload's file that
// readers of its status cause.
const lookEvery = time.Second

// standing reads where a document is, or the announced upload that reserved its
// id. A file that is awaited is looked for unless somebody did so since every
// ago.
func (a *api) standing(ctx context.Context, who ports.Principal, id core.ID, every time.Duration) (ports.Standing, error) {
	there, err := a.Standing(ctx, who, id)
	if !core.HasCode(err, core.CodeNotFound) {
		return there, err
	}
	up, err := a.Uploads.Announced(ctx, who, id)
	if err != nil {
		return ports.Standing{}, err
	}
	switch up.State {
	case core.UploadArrived: // between the two reads
		return a.Library.Standing(ctx, who, id)
	case core.UploadDuplicate:
		return a.Library.Standing(ctx, who, up.Existing)
	case core.UploadAwaited:
		seen, err := a.look(ctx, who, up, every)
		standing := standingOf(up)
		standing.FileSeen = seen
		return standing, err
	default:
		return standingOf(up), nil
	}
}

// look finds out whether an awaited file is there, and has it taken in if so.
func (a *api) look(ctx context.Context, who ports.Principal, up core.Upload, every time.Duration) (seen bool, err error) {
	mine, err := a.Uploads.Look(ctx, who, up.Document, every)
	if err != nil || !mine {
		return every == 0, err // who may always look and may not finds it awaited no more
	}
	_, err = a.Blobs.Stat(ctx, up.Key)
	switch {
	case core.HasCode(err, core.CodeFileMissing):
		return false, nil
	case err != nil && every > 0:
		return false, nil // where it stands is known all the same, and the next look may fare better
	case err != nil:
		return false, storageRefused(err)
	}
	return true, a.Uploads.Notice(ctx, who, up.Document)
}

// standingOf is an announced upload as the document it is to be.
func standingOf(up core.Upload) ports.Standing {
	s := ports.Standing{
		Reserved: true, Document: up.Document, Job: up.Job, Key: up.Key, Name: up.Name, ContentType: up.ContentType, Size: up.Size,
		Status: core.Uploaded, Attempt: 1, Trouble: up.Trouble, CreatedAt: up.CreatedAt, UpdatedAt: up.UpdatedAt, Since: up.UpdatedAt,
	}
	switch up.State {
	case core.UploadFailed, core.UploadExpired:
		s.Status = core.FailedParse
	case core.UploadCancelled:
		s.Status = core.Cancelled
	}
	return s
}

// cancelAny ends a document's attempt, or the upload that is to become one.
func (a *api) cancelAny(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	there, err := a.Library.Cancel(ctx, who, id)
	if !core.HasCode(err, core.CodeNotFound) {
		return there, err
	}
	err = a.Uploads.Withdraw(ctx, who, id, core.UploadCancelled)
	if err == nil {
		return a.standing(ctx, who, id, lookEvery)
	}
	if core.HasCode(err, core.CodeConflict) { // it ended; or it became a document meanwhile
		if there, late := a.Library.Cancel(ctx, who, id); !core.HasCode(late, core.CodeNotFound) {
			return there, late
		}
	}
	return ports.Standing{}, err
}

// removeAny deletes a document, or the upload that is to become one.
func (a *api) removeAny(ctx context.Context, who ports.Principal, id core.ID) error {
	err := a.Library.Remove(ctx, who, id)
	if !core.HasCode(err, core.CodeNotFound) {
		return err
	}
	err = a.Uploads.Withdraw(ctx, who, id, core.UploadRemoved)
	if core.HasCode(err, core.CodeConflict) { // it became a document meanwhile
		return a.Library.Remove(ctx, who, id)
	}
	return err
}
