package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Key is where a document's bytes lie in storage. It is made of ids alone, so
// that no name a client chose ever becomes part of a path.
func Key(user, document core.ID) string {
	return user.String() + "/" + document.String() + "/original.pdf"
}

// rawInput hands the connection to an operation that reads its own body: Huma
// sees no body field and so leaves the body alone.
type rawInput struct {
	w http.ResponseWriter
	r *http.Request
}

// Resolve takes the request out of Huma's context.
func (in *rawInput) Resolve(ctx huma.Context) []error {
	in.r, in.w = humago.Unwrap(ctx)
	return nil
}

type uploadOutput struct{ Body Accepted }

// Accepted is an upload that is stored and on its way.
type Accepted struct {
	DocumentID string         `json:"document_id" format:"uuid"`
	JobID      string         `json:"job_id" format:"uuid" doc:"The attempt's id"`
	Status     documentStatus `json:"status"`
	Filename   string         `json:"filename" doc:"The name as it will be shown"`
	BytesLen   int64          `json:"bytes_len"`
	Mime       string         `json:"mime" doc:"By content"`
	Pages      int            `json:"pages" doc:"0 for formats without pages"`
	Marks      []documentMark `json:"marks" nullable:"false"`
	Attempt    int            `json:"attempt" doc:"Above 1 when a failed document was taken up again"`
	CreatedAt  time.Time      `json:"created_at"`
}

func (a *api) upload(ctx context.Context, in *rawInput) (*uploadOutput, error) {
	standing, err := a.take(ctx, in)
	if err != nil {
		return nil, err
	}
	return &uploadOutput{Body: accepted(standing)}, nil
}

// take receives one upload and keeps it, whatever the route.
func (a *api) take(ctx context.Context, in *rawInput) (ports.Standing, error) {
	if err := a.open(ctx); err != nil {
		return ports.Standing{}, err
	}
	if a.intake.crowded(a.Limits.IntakeWait) {
		return ports.Standing{}, core.Wait(core.CodeOverloaded, crowdWait, nil)
	}
	// Before a byte of the body is read, but for one that may have been kept
	// under a key already; Add holds the quota exactly.
	if per := a.Limits.UploadsPerDay; per > 0 && in.r.Header.Get(headerKey) == "" {
		if err := a.Library.MayAdd(ctx, callerOf(ctx), per); err != nil {
			return ports.Standing{}, err
		}
	}
	file, read, err := receive(in.w, in.r, a.SpoolDir, a.Limits)
	if req := requestOf(ctx); req != nil {
		req.bytesIn = read
	}
	if err != nil {
		return ports.Standing{}, err
	}
	defer file.Close()
	ctx, err = claimed(ctx, file)
	if err != nil {
		return ports.Standing{}, err
	}
	return a.keep(ctx, callerOf(ctx), file)
}

// open refuses an upload while an operator has paused them, by whatever route
// and before a byte of its file is read.
func (a *api) open(ctx context.Context) error {
	if a.Intake == nil {
		return nil
	}
	return a.Intake.Open(ctx)
}

func accepted(s ports.Standing) Accepted {
	return Accepted{
		DocumentID: s.Document.String(), JobID: s.Job.String(), Status: documentStatus(s.Status),
		Filename: s.Name, BytesLen: s.Size, Mime: s.ContentType, Pages: s.Pages, Marks: marksOf(s.Marks),
		Attempt: s.Attempt, CreatedAt: s.CreatedAt.UTC(),
	}
}

// keep inspects a file that has arrived and stores it, unless its owner has it
// already.
func (a *api) keep(ctx context.Context, who ports.Principal, file *arrival) (ports.Standing, error) {
	found, err := a.inspect(ctx, file)
	if err != nil {
		return ports.Standing{}, err
	}
	id, again := reserved(ctx)
	doc := ports.NewDocument{
		ID: id, Job: core.NewID(), Key: Key(who.User, id), Name: file.name, ContentType: found.Type,
		Size: file.Size, SHA256: file.Sum, Pages: found.Pages, Marks: found.Marks, PolicyID: file.policy,
		PerDay: a.Limits.UploadsPerDay,
	}
	if again { // what an earlier run put under the id's key is the sweep's, or its document's
		doc.Key = Key(who.User, core.NewID())
	}
	standing, err := a.intend(ctx, who, doc)
	if !core.HasCode(err, core.CodeNotFound) {
		return standing, err
	}
	return a.store(ctx, who, doc, file)
}

func (a *api) inspect(ctx context.Context, file *arrival) (core.Inspection, error) {
	found, err := a.Limits.Rules().Inspect(ctx, a.Inspector, file.Reader(), file.Size, file.declared, file.name)
	if core.HasCode(err, core.CodeFileTooManyPages) {
		return found, &refusal{
			err:    core.AsError(err),
			detail: fmt.Sprintf("The file has more than the %d pages that are allowed.", a.Limits.MaxPages),
		}
	}
	return found, err
}

// intend gives what its owner has of the same content already, as known does;
// CodeNotFound says that there is none and that the key is recorded as about to
// be written.
func (a *api) intend(ctx context.Context, who ports.Principal, doc ports.NewDocument) (ports.Standing, error) {
	leave, err := a.intake.enter(ctx, false)
	if err != nil {
		return ports.Standing{}, err
	}
	defer leave()
	standing, err := a.known(ctx, who, doc.SHA256, doc.ID)
	if core.HasCode(err, core.CodeNotFound) {
		if failed := a.Library.Intend(ctx, who, doc.Key); failed != nil {
			return ports.Standing{}, failed
		}
	}
	return standing, err
}

// known looks for the same content of the same owner: a failed or cancelled
// document is taken up again, any other is refused as a duplicate, and the one
// with this request's own id was made by an earlier run of it. CodeNotFound
// says there is none.
func (a *api) known(ctx context.Context, who ports.Principal, sum [32]byte, own core.ID) (ports.Standing, error) {
	there, err := a.Library.Find(ctx, who, sum)
	if err != nil || there.Document == own {
		return there, err
	}
	if !there.Status.Failed() && there.Status != core.Cancelled {
		return there, duplicateOf(there)
	}
	again, err := a.Library.Retry(ctx, who, there.Document)
	if core.HasCode(err, core.CodeConflict) { // another request was quicker
		return there, duplicateOf(there)
	}
	return again, err
}

func duplicateOf(s ports.Standing) error {
	return &refusal{
		err:       core.Fail(core.CodeDuplicate, nil),
		duplicate: &duplicate{standing: s},
	}
}

// store writes the bytes first and the row second, so that no row is ever
// without its bytes; the intent lets a sweep find bytes without a row.
func (a *api) store(ctx context.Context, who ports.Principal, doc ports.NewDocument, file *arrival) (ports.Standing, error) {
	body, err := file.File()
	if err == nil {
		err = a.Blobs.Put(ctx, doc.Key, body, doc.Size, doc.ContentType)
	}
	if err != nil {
		a.notPut(ctx, who, doc.Key, err)
		return ports.Standing{}, storageRefused(err)
	}
	standing, err := a.add(ctx, who, doc)
	if err == nil {
		return standing, nil
	}
	return a.notAdded(ctx, who, doc, err)
}

// add makes the document of a file that is stored. A client that leaves now
// must not cut the commit in two, so neither does it end the wait for a turn:
// those who have one are bounded, and stored files go first.
func (a *api) add(ctx context.Context, who ports.Principal, doc ports.NewDocument) (ports.Standing, error) {
	leave, err := a.intake.enter(context.WithoutCancel(ctx), true)
	if err != nil {
		return ports.Standing{}, err
	}
	defer leave()
	firm, cancel := a.firmly(ctx)
	defer cancel()
	return a.Library.Add(firm, who, doc)
}

// notPut settles a Put that failed. One whose outcome is unknown may still land
// after its object was deleted, so its intent stays for the sweep.
func (a *api) notPut(ctx context.Context, who ports.Principal, key string, cause error) {
	unknown := core.AsError(cause).Kind == core.Transient
	if unknown {
		firm, cancel := a.firmly(ctx)
		defer cancel()
		_ = a.Blobs.Delete(firm, key)
		return
	}
	a.takeBack(ctx, who, key, !core.HasCode(cause, core.CodeStorageConflict))
}

// notAdded settles an Add that failed. An error may hide a commit whose answer
// was lost, so the store is asked before the bytes are deleted; while it cannot
// tell, they stay, and the sweep decides by the intent.
func (a *api) notAdded(ctx context.Context, who ports.Principal, doc ports.NewDocument, cause error) (ports.Standing, error) {
	firm, cancel := a.firmly(ctx)
	defer cancel()
	if core.HasCode(cause, core.CodeDuplicate) {
		a.takeBack(ctx, who, doc.Key, true)
		there, err := a.Library.Find(firm, who, doc.SHA256)
		if err != nil {
			return there, cause // deleted meanwhile, or the store is away: a duplicate all the same
		}
		if there.Document == doc.ID { // an earlier run of this request was quicker
			return there, nil
		}
		return there, duplicateOf(there)
	}
	standing, err := a.Library.Standing(firm, who, doc.ID)
	if err == nil {
		if standing.Key != doc.Key {
			a.takeBack(ctx, who, doc.Key, true)
		}
		return standing, nil
	}
	// Not found while the store was away may be a commit still on its way: then
	// the bytes stay, and the sweep decides.
	if core.HasCode(err, core.CodeNotFound) && !core.HasCode(cause, core.CodeDatabaseUnavailable) {
		a.takeBack(ctx, who, doc.Key, true)
	}
	return ports.Standing{}, cause
}

// takeBack removes what a failed upload left, as far as that works: the intent
// stays for the sweep unless the object is surely gone.
func (a *api) takeBack(ctx context.Context, who ports.Principal, key string, remove bool) {
	firm, cancel := a.firmly(ctx)
	defer cancel()
	if remove && a.Blobs.Delete(firm, key) != nil {
		return
	}
	_ = a.Library.Forsake(firm, who, key)
}

// firmly outlives the client, but not by long.
func (a *api) firmly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), a.Limits.CleanupTime)
}

// storageRefused is 503 for whatever the storage does not take, but for what
// the bucket's own rules say about the file.
func storageRefused(err error) error {
	if core.HasCode(err, core.CodeFileTooLarge) || core.HasCode(err, core.CodeFileUnsupported) {
		return err
	}
	e := core.AsError(err)
	if e.Code == core.CodeInternal {
		e = core.Fail(core.CodeStorageUnavailable, err)
	}
	return &refusal{err: e, status: http.StatusServiceUnavailable}
}
