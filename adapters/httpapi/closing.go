package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	pathUser   = "/auth/user"
	pathExport = "/auth/user/export"
)

// CloseRequest proves the person whose account is to be deleted.
type CloseRequest struct {
	Present string `json:"current_password,omitempty" maxLength:"1024" doc:"May be left out in the five minutes after signing in" example:"correct horse battery staple"`
}

// Export is what is kept of an account, but for the documents' own bytes and
// text: each names the addresses that they are read at.
type Export struct {
	ExportedAt time.Time        `json:"exported_at"`
	User       Profile          `json:"user"`
	Consent    Consent          `json:"consent"`
	Sessions   []SessionEntry   `json:"sessions" nullable:"false" doc:"Empty where accounts are kept by a provider that does not tell"`
	Documents  []ExportDocument `json:"documents" nullable:"false" doc:"The newest first, in pages; the rest of the answer is on each page"`
	NextCursor *string          `json:"next_cursor" nullable:"true" doc:"Leads to the next page; null at the end"`
}

// Consent is what was sent with the sign-up, as it was sent.
type Consent struct {
	Version   string `json:"version"`
	Timestamp string `json:"timestamp"`
}

// ExportDocument is one document with where to read it.
type ExportDocument struct {
	Document Document `json:"document"`
	File     string   `json:"file" format:"uri" doc:"The file as it was uploaded; read it with the access token"`
	Text     string   `json:"text" format:"uri" doc:"Its text in pieces, in pages; likewise"`
}

type (
	closeInput   struct{ Body *CloseRequest }
	exportInput  struct{ PageInput }
	exportOutput struct{ Body Export }
)

func (a *api) registerClosing(h huma.API) {
	tags := []string{"Accounts"}
	route(h, huma.Operation{
		OperationID: "delete-user", Method: http.MethodDelete, Path: pathUser, Tags: tags, DefaultStatus: http.StatusNoContent,
		MaxBodyBytes: a.Limits.MaxBodyBytes + 1,
		Summary:      "Delete the account and everything in it",
		Description: "Every document is deleted as one is, then the account with its sessions. It cannot be undone." +
			" Where a legal hold covers something the answer is 409 and nothing is deleted." +
			" An answer of 503 may have begun: nothing is added any more, and the same request goes on with it.",
		Errors: []int{400, 404, 408, 409, 413, 415, 422, 503},
	}, a.closeAccount)
	route(h, huma.Operation{
		OperationID: "export-user", Method: http.MethodGet, Path: pathExport, Tags: tags,
		Summary:     "What is kept of the account",
		Description: "The account, the consent, the sessions, and every document with the addresses of its file and text; the documents in pages.",
		Errors:      []int{404, 422, 503},
	}, a.export)
}

// closeAccount deletes what the account owns before the account: as long as that
// is there, its person can come back and go on.
func (a *api) closeAccount(ctx context.Context, in *closeInput) (*noOutput, error) {
	req, present := requestOf(ctx), ""
	if in.Body != nil {
		present = in.Body.Present
	}
	prove := func() error { return a.Accounts.Prove(ctx, req.caller, req.token, present) }
	var err error
	if present == "" {
		err = prove()
	} else {
		err = a.tried(ctx, req.caller.Email, prove)
	}
	if err == nil {
		err = a.Library.Close(ctx, req.caller)
	}
	if core.HasCode(err, core.CodeLegalHold) {
		return nil, &refusal{err: core.AsError(err), detail: "Something in this account may not be deleted now, and so neither may the account."}
	}
	if err == nil {
		err = a.Accounts.Delete(ctx, req.caller)
	}
	return &noOutput{}, err
}

func (a *api) export(ctx context.Context, in *exportInput) (*exportOutput, error) {
	profile, consent, err := a.ownProfile(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := a.sessionEntries(ctx)
	if core.HasCode(err, core.CodeNotOffered) {
		sessions, err = []SessionEntry{}, nil
	}
	if err != nil {
		return nil, err
	}
	documents, err := a.list(ctx, &listInput{PageInput: in.PageInput})
	if err != nil {
		return nil, err
	}
	body := Export{ExportedAt: time.Now().UTC(), User: profile, Consent: consent, Sessions: sessions,
		Documents: []ExportDocument{}, NextCursor: documents.Body.NextCursor}
	for _, d := range documents.Body.Documents {
		body.Documents = append(body.Documents, exportDocument(a.PublicURL, d))
	}
	if err := a.record(ctx, core.AuditAccountExport); err != nil {
		return nil, err
	}
	return &exportOutput{Body: body}, nil
}

func exportDocument(own string, d Document) ExportDocument {
	at := strings.TrimSuffix(own, "/") + "/documents/" + d.DocumentID
	return ExportDocument{Document: d, File: at + "/file", Text: at + "/chunks"}
}

func consentOf(account ports.Account) Consent {
	return Consent{Version: account.ConsentVersion, Timestamp: account.ConsentTimestamp}
}
