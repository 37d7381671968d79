package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The one document, account and request that all examples tell of.
const (
	exampleDocument  = "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"
	exampleJob       = "0198f1b2-7c3b-7a10-8c44-51d2e3f4a5b6"
	exampleChunk     = "0198f1b2-9d10-7b21-a3c5-6e7f80912233"
	exampleUnknown   = "0198f1b3-0000-7000-8000-000000000000"
	exampleUser      = "0198f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f"
	exampleRequest   = "0198f1b4-3c2d-7e1f-9a0b-1c2d3e4f5061"
	exampleSession   = "0198f1b5-0a1b-7c2d-8e3f-405162738495"
	exampleVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // and its challenge, from RFC 7636
	exampleChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	exampleName      = "homeowners-policy-2026.pdf"
	exampleText      = "## Deductibles\n\n" + exampleQuote
	exampleQuote     = "A deductible of $1,000 applies to each covered loss."
)

// exampleTime is when the examples' document was uploaded.
func exampleTime() time.Time { return time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC) }

// example is what an operation is sent and what it answers, by status. Answers
// without a body, of bytes, and problems need none.
type example struct {
	request any
	answers map[int]any
}

// fill puts the example into the operation.
func (e example) fill(op *huma.Operation) {
	if op.RequestBody != nil && e.request != nil {
		for _, media := range op.RequestBody.Content {
			media.Example = e.request
		}
	}
	for status, body := range e.answers {
		response := op.Responses[strconv.Itoa(status)]
		if response == nil {
			continue
		}
		for _, media := range response.Content {
			media.Example = body
		}
	}
}

// examples is the example of every operation, by its id. The values are of the
// types that the operations answer, so they change with them.
func examples(l Limits) map[string]example {
	all := map[string]example{}
	for _, part := range []map[string]example{
		uploadExamples(), documentExamples(), accountExamples(), keyExamples(), adminExamples(), otherExamples(l), oldExamples(),
	} {
		for id, e := range part {
			all[id] = e
		}
	}
	return all
}

func ok(body any) map[int]any { return map[int]any{http.StatusOK: body} }

func accept(body any) map[int]any { return map[int]any{http.StatusAccepted: body} }

// exampleStanding is the document in a status.
func exampleStanding(status core.Status) ports.Standing {
	s := ports.Standing{
		Document: exampleID(exampleDocument), Job: exampleID(exampleJob), Name: exampleName, ContentType: "application/pdf",
		Size: 482133, Status: status, LastGood: status, Attempt: 1, Pages: 24, CreatedAt: exampleTime(), UpdatedAt: exampleTime(),
	}
	if status == core.Complete {
		s.Chunks, s.Embedded, s.UpdatedAt = 61, 61, exampleTime().Add(9*time.Second)
		s.Timings = map[core.Status]time.Duration{core.Uploaded: 120 * time.Millisecond, core.ParseQueued: 6800 * time.Millisecond}
	}
	return s
}

func exampleID(text string) core.ID {
	id, err := core.ParseID(text)
	if err != nil {
		panic("httpapi: the id of an example is none: " + text)
	}
	return id
}

func uploadExamples() map[string]example {
	form := map[string]string{"file": "%PDF-1.7 ... the bytes of " + exampleName, "policy_id": "HO-2026-1187"}
	again := exampleStanding(core.Complete)
	return map[string]example{
		"upload-document": {form, ok(accepted(exampleStanding(core.Uploaded)))},
		"create-document": {form, map[int]any{
			http.StatusAccepted: documentOf(exampleStanding(core.Uploaded)), http.StatusOK: documentOf(again),
		}},
		"announce-upload": {
			UploadRequest{Filename: exampleName, BytesLen: again.Size, Mime: again.ContentType},
			ok(UploadAddress{
				JobID: exampleJob, DocumentID: exampleDocument, SignedURL: "https://storage.example.org/upload?token=eyJ...",
				Headers: map[string]string{"Content-Type": again.ContentType}, ExpiresAt: exampleTime().Add(15 * time.Minute),
			}),
		},
		"complete-upload": {nil, ok(statusBody(exampleStanding(core.Uploaded)))},
	}
}

func documentExamples() map[string]example {
	done, next := exampleStanding(core.Complete), placeCursor(ports.Place{CreatedAt: exampleTime(), Document: exampleID(exampleDocument)})
	chunk := DocumentChunk{
		Ordinal: 0, ChunkID: exampleChunk, Text: exampleText, Headings: []string{"Coverage", "Deductibles"},
		PageFrom: 3, PageTo: 3, Tokens: 17, Embedded: true,
	}
	stopped := exampleStanding(core.Cancelled)
	stopped.LastGood = core.ParseQueued
	resumed := exampleStanding(core.Uploaded)
	resumed.Attempt = 2
	return map[string]example{
		"list-documents":       {nil, ok(DocumentPage{Documents: documentsOf([]ports.Standing{done}), NextCursor: &next})},
		"get-document":         {nil, ok(documentOf(done))},
		"get-document-status":  {nil, ok(statusBody(done))},
		"list-document-chunks": {nil, ok(ChunkPage{Chunks: []DocumentChunk{chunk}})},
		"get-document-link": {nil, ok(FileLink{
			URL: "https://storage.example.org/download?token=eyJ...", ExpiresAt: exampleTime().Add(5 * time.Minute), Filename: done.Name,
			Mime: done.ContentType, BytesLen: done.Size, SHA256: strings.Trim(exampleETag, `"`),
		})},
		"delete-document":       {nil, accept(Removal{DocumentID: exampleDocument, Status: documentStatus(core.Deleting)})},
		"get-document-deletion": {nil, ok(deletionBody(exampleDeletion()))},
		"retry-document":        {nil, accept(documentOf(resumed))},
		"cancel-document":       {nil, accept(documentOf(stopped))},
		"get-batch-status": {
			BatchRequest{IDs: []string{exampleDocument, exampleUnknown}},
			ok(BatchStatus{Documents: documentsOf([]ports.Standing{done}), Missing: []string{exampleUnknown}}),
		},
	}
}

func accountExamples() map[string]example {
	user := User{ID: exampleUser, Email: "ada@example.org", Name: "Ada", EmailConfirmed: true}
	fresh := PendingUser{Email: user.Email, Name: user.Name}
	last := exampleTime()
	session := Session{
		AccessToken: "eyJhbGciOiJFUzI1NiJ9...", RefreshToken: "a refresh token", TokenType: "bearer",
		ExpiresIn: 900, ExpiresAt: exampleTime().Add(15 * time.Minute).Unix(), User: user,
	}
	const password = "correct horse battery staple"
	return map[string]example{
		"sign-up": {
			SignUpRequest{
				Email: user.Email, Password: password, Name: user.Name,
				ConsentVersion: "2026-01", ConsentTimestamp: exampleTime().Format(time.RFC3339),
			},
			map[int]any{http.StatusCreated: session, http.StatusAccepted: PendingAccount{User: fresh, Message: pendingMessage}},
		},
		"log-in":    {LoginRequest{Email: user.Email, Password: password}, ok(session)},
		"authorize": {nil, ok(SignInAddress{URL: "https://accounts.example.org/auth/v1/authorize?provider=google&code_challenge_method=s256..."})},
		"exchange":  {ExchangeRequest{Code: exampleRequest, Verifier: exampleVerifier}, ok(session)},
		"recover": {
			RecoverRequest{Email: user.Email, Redirect: "https://app.example.org/auth/callback", Challenge: exampleChallenge},
			accept(Mailed{Message: mailedMessage}),
		},
		"resend-confirmation": {ResendRequest{Email: user.Email}, accept(Mailed{Message: mailedMessage})},
		"change-password":     {PasswordRequest{Present: password, Password: "seven quiet herons at dusk"}, nil},
		"list-sessions":       {nil, ok(SessionList{Sessions: exampleSessions()})},
		"delete-user":         {CloseRequest{Present: password}, nil},
		"export-user": {nil, ok(Export{
			ExportedAt: exampleTime().AddDate(0, 0, 1), User: Profile{User: user, CreatedAt: exampleTime().AddDate(0, -1, 0), UpdatedAt: exampleTime()},
			Consent: Consent{Version: "2026-01", Timestamp: exampleTime().Format(time.RFC3339)}, Sessions: exampleSessions(),
			Documents: []ExportDocument{exportDocument("https://api.example.org", documentOf(exampleStanding(core.Complete)))},
		})},
		"refresh": {RefreshRequest{RefreshToken: session.RefreshToken}, ok(session)},
		"get-user": {nil, ok(Profile{
			User: user, CreatedAt: exampleTime().AddDate(0, -1, 0), UpdatedAt: exampleTime(), LastSignInAt: &last,
		})},
	}
}

func exampleSessions() []SessionEntry {
	return []SessionEntry{sessionEntry(ports.SessionRow{ID: exampleID(exampleSession), CreatedAt: exampleTime(), Client: "Mozilla/5.0 (X11; Linux x86_64)"}, exampleSession)}
}

func otherExamples(l Limits) map[string]example {
	at := exampleTime()
	return map[string]example{
		"search": {
			SearchRequest{Query: "what is my deductible?", Limit: 3, DocumentIDs: []string{exampleDocument}},
			ok(SearchResults{Mode: modeHybrid, Results: []SearchResult{{
				DocumentID: exampleDocument, ChunkID: exampleChunk, Filename: exampleName, Text: exampleText,
				Headings: []string{"Coverage", "Deductibles"}, PageFrom: 3, PageTo: 3, ContentType: "application/pdf", CreatedAt: at,
				Quote:      Quote{Text: exampleQuote, Start: len(exampleText) - len(exampleQuote), End: len(exampleText)},
				Similarity: new(0.71), Score: 0.97, Marks: []documentMark{},
			}}}),
		},
		"get-upload-limits": {nil, ok(l.served())},
		"get-health": {nil, ok(HealthReport{
			Status: "degraded", Timestamp: at, Version: "0123456789ab",
			Services: map[string]string{"database": "healthy", "openai": "unhealthy"},
			Details: []HealthDetail{
				{Name: "database", OK: true, At: at}, {Name: "openai", Code: problemCode(core.CodeEmbedderUnavailable), At: at},
			},
		})},
		"get-live":  {nil, ok(Liveness{Status: "ok"})},
		"get-ready": {nil, ok(Readiness{Status: "ready"})},
	}
}

// oldExamples is those of the addresses that older clients use.
func oldExamples() map[string]example {
	of := accountExamples()
	password := of["log-in"].request.(LoginRequest).Password //nolint:forcetypeassert // it stands above
	passage := SearchResult{DocumentID: exampleDocument, Filename: exampleName, Text: exampleText, Similarity: new(0.71)}
	return map[string]example{
		"register": {
			OldSignUp{Email: "ada@example.org", Password: password, FullName: "Ada"},
			map[int]any{http.StatusOK: of["log-in"].answers[http.StatusOK], http.StatusAccepted: of["sign-up"].answers[http.StatusAccepted]},
		},
		"log-in-old": {OldLogin{Email: "ada@example.org", Password: password}, of["log-in"].answers},
		"get-me":     {nil, of["get-user"].answers},
		"search-old": {
			map[string]any{"query": "what is my deductible?", "limit": 3},
			ok(OldResults{
				Success: true, Query: "what is my deductible?", Total: 1,
				Results: []OldResult{oldResultOf(passage, exampleStanding(core.Complete))},
			}),
		},
		"get-root": {nil, ok(Greeting{Message: "Insurance Navigator API 0123456789ab"})},
	}
}

func keyExamples() map[string]example {
	kept := APIKey{
		ID: exampleUnknown, Name: "nightly import", Hint: "ink_4fR2aB", Scopes: []keyScope{keyScope(core.ScopeWrite)},
		CreatedAt: exampleTime(), ExpiresAt: exampleTime().AddDate(0, 0, 90),
	}
	used := kept
	used.LastUsedAt = new(exampleTime().Add(time.Hour))
	return map[string]example{
		"make-key": {
			KeyRequest{Name: kept.Name, Scopes: kept.Scopes, Days: 90},
			map[int]any{http.StatusCreated: MadeAPIKey{APIKey: kept, Secret: "ink_4fR2aB..."}},
		},
		"list-keys": {nil, ok(KeyList{Keys: []APIKey{used}})},
	}
}

func adminExamples() map[string]example {
	at, next := exampleTime(), placeCursor(ports.Place{CreatedAt: exampleTime(), Document: exampleID(exampleDocument)})
	failed := ports.Failure{
		Document: exampleID(exampleDocument), Owner: exampleID(exampleUser), Attempt: 1, Status: core.FailedParse,
		Code: core.CodeParseFailed, Stage: core.Receive, At: at,
	}
	watched := watchedOf(ports.Watched{
		Document: failed.Document, Owner: failed.Owner, Status: failed.Status, Since: at, Attempt: 1, Size: 482133,
		ContentType: "application/pdf", Pages: 24, Code: failed.Code, CreatedAt: at, UpdatedAt: at,
	})
	story := DocumentStory{
		DocumentID: exampleDocument, OwnerID: exampleUser, Status: documentStatus(core.FailedParse), Since: at, Where: string(core.Failed),
		Attempt: 1, Code: string(failed.Code), CreatedAt: at, BytesLen: watched.BytesLen, Mime: watched.Mime, Callbacks: []StoryCallback{},
		Moves: []StoryMove{{At: at, Attempt: 1, Was: string(core.ParseQueued), Status: string(core.FailedParse), LastedMS: 6800, Code: string(failed.Code)}},
	}
	return map[string]example{
		"watch-documents":  {nil, ok(WatchedPage{Documents: []WatchedDocument{watched}, NextCursor: &next})},
		"explain-document": {nil, ok(story)},
		"list-queues":      {nil, ok(QueueReport{Queues: []QueueState{{Queue: "embed", Waiting: 3, Running: 1, OldestSeconds: 2.5}}})},
		"list-failures": {nil, ok(failureReport(
			[]ports.Failure{failed}, []ports.FailureCount{{Code: failed.Code, Stage: failed.Stage, Count: 1, Oldest: at, Newest: at}}))},
		"list-operations": {nil, ok(ActReport{Operations: []OperatorAct{{At: at, Operator: exampleUser, Action: "read", What: "documents"}}})},
	}
}
