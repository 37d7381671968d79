package httpapi

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	pathAnnounce = "/api/upload-pipeline/upload"
	pathFinished = "/api/upload-pipeline/upload/{id}/complete"
)

// registerUploads adds the upload in two steps: announced here, then sent to
// the storage itself.
func (a *api) registerUploads(h huma.API) {
	tags := []string{"Documents"}
	route(h, huma.Operation{
		OperationID: "announce-upload", Method: http.MethodPost, Path: pathAnnounce, Tags: tags, Middlewares: quoted(a.quoteClaim),
		MaxBodyBytes: a.Limits.MaxBodyBytes + 1,
		Summary:      "Announce an upload and get the address for its file",
		Description: fmt.Sprintf("Reserves the document's id. The file is then sent with PUT to signed_url, with upload_headers and without a token, "+
			"within %g seconds; the address takes one file, once. The document starts by itself when the file is there, and sooner when its status is read. "+
			"Nothing that is announced is believed: type, size and content are those of the stored bytes. At most %d uploads of one account may wait for their file.",
			a.Limits.UploadTTL.Seconds(), a.Limits.MaxOpenUploads),
		Errors: []int{400, 408, 409, 413, 415, 422, 429, 503},
	}, a.announce)
	route(h, huma.Operation{
		OperationID: "complete-upload", Method: http.MethodPost, Path: pathFinished, Tags: tags,
		Summary: "Say that an announced file was sent",
		Description: "Looks for the file at once and answers where the document stands; it may be repeated, and left out. " +
			"409 says that no file has arrived yet. Content that is there already answers that document.",
		Errors: []int{404, 409, 503},
	}, a.finished)
}

// UploadRequest is a file that is going to be sent.
type UploadRequest struct {
	Filename string `json:"filename" minLength:"1" maxLength:"1000" doc:"For people; made fit to be shown" example:"policy-2026.pdf"`
	BytesLen int64  `json:"bytes_len" minimum:"1" doc:"The file's size in bytes; exactly so many are taken" example:"184320"`
	Mime     string `json:"mime" minLength:"1" maxLength:"255" doc:"The file's type" example:"application/pdf"`
	SHA256   string `json:"sha256,omitempty" maxLength:"64" pattern:"^([0-9a-f]{64})?$" doc:"SHA-256 of the file. A hint: with it a duplicate is refused before it is sent" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	OCR      bool   `json:"ocr,omitempty" doc:"Taken for older clients; the parser decides by itself" example:"false"`
}

type (
	announceInput  struct{ Body UploadRequest }
	announceOutput struct{ Body UploadAddress }
)

// UploadAddress is where the file is to be sent, and what it will be.
type UploadAddress struct {
	JobID      string            `json:"job_id" format:"uuid" doc:"The first attempt's id, reserved" example:"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e80"`
	DocumentID string            `json:"document_id" format:"uuid" doc:"The document's id, reserved" example:"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"`
	SignedURL  string            `json:"signed_url" format:"uri" doc:"For PUT with the file as the body. A secret: whoever has it can send the file"`
	Headers    map[string]string `json:"upload_headers" doc:"To be sent with it" example:"{\"Content-Type\": \"application/pdf\"}"`
	ExpiresAt  time.Time         `json:"upload_expires_at" doc:"The file has to be on its way by then" example:"2026-01-31T09:15:00Z"`
}

func (a *api) announce(ctx context.Context, in *announceInput) (*announceOutput, error) {
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	claim := in.Body
	claim.Filename = DisplayName(claim.Filename, a.Limits.MaxNameBytes)
	if err := a.claimed(claim); err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	if err := a.notThere(ctx, who, claim.SHA256); err != nil {
		return nil, err
	}
	n := ports.NewUpload{Document: core.NewID(), Job: core.NewID(), Name: claim.Filename, ContentType: claim.Mime, Size: claim.BytesLen,
		PerDay: a.Limits.UploadsPerDay}
	n.Key = Key(who.User, n.Document)
	signed, err := a.Blobs.SignPut(ctx, n.Key, n.Size, n.ContentType, a.Limits.UploadTTL)
	if err != nil {
		return nil, storageRefused(err)
	}
	n.ExpiresAt = time.Now().Add(a.Limits.UploadTTL).UTC().Truncate(time.Second)
	// What begins at the last moment may still take its time.
	n.AddressUntil = signed.ExpiresAt.Add(2 * a.Limits.UploadTime)
	if _, err := a.Uploads.Announce(ctx, who, n, a.Limits.MaxOpenUploads); err != nil {
		return nil, a.notAnnounced(err)
	}
	return &announceOutput{Body: UploadAddress{
		JobID: n.Job.String(), DocumentID: n.Document.String(), SignedURL: signed.URL, Headers: signed.Headers, ExpiresAt: n.ExpiresAt,
	}}, nil
}

// claimed refuses by the announcement alone what would be refused by its bytes.
func (a *api) claimed(c UploadRequest) error {
	if c.BytesLen > a.Limits.MaxFileBytes {
		return tooLarge(a.Limits)
	}
	if !slices.Contains(a.Limits.Types, c.Mime) {
		return &refusal{err: core.Fail(core.CodeFileUnsupported, nil),
			fields: []Field{{Field: "body.mime", Message: "one of " + strings.Join(a.Limits.Types, ", ")}}}
	}
	return intake.Agrees(c.Mime, c.Mime, c.Filename, a.Limits.Types)
}

// notThere refuses content that the same owner has already. A document that
// failed or was cancelled is no reason: it is taken up again when the file comes.
func (a *api) notThere(ctx context.Context, who ports.Principal, hint string) error {
	sum, err := hex.DecodeString(hint)
	if err != nil || len(sum) != 32 {
		return nil // no hint; its form was checked by the schema
	}
	there, err := a.Library.Find(ctx, who, [32]byte(sum))
	switch _, again := core.Retries[there.Status]; {
	case core.HasCode(err, core.CodeNotFound):
		return nil
	case err != nil:
		return err
	case again:
		return nil
	}
	return duplicateOf(there)
}

func (a *api) notAnnounced(err error) error {
	if core.HasCode(err, core.CodeRateLimited) {
		return &refusal{err: core.AsError(err),
			detail: fmt.Sprintf("%d uploads wait for their file already. Send those, or cancel them.", a.Limits.MaxOpenUploads)}
	}
	return err
}

// finished looks for an announced file at once.
func (a *api) finished(ctx context.Context, in *DocumentInput) (*statusOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	standing, err := a.standing(ctx, callerOf(ctx), id, 0)
	if err != nil {
		return nil, err
	}
	if standing.Reserved && standing.Status == core.Uploaded && !standing.FileSeen {
		return nil, &refusal{err: core.Fail(core.CodeConflict, nil),
			detail: "No file has arrived yet. Send it with PUT to the upload's signed_url, then ask again."}
	}
	return &statusOutput{Body: statusBody(standing)}, nil
}
