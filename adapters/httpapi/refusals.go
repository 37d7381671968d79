package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
)

// codesExtension lists a response's codes for programs.
const codesExtension = "x-codes"

// refusals is the codes of the problems that an operation answers, by status.
type refusals map[int][]core.Code

// doorRefusals is what the door may answer whatever the operation.
func doorRefusals() refusals {
	return refusals{
		http.StatusBadRequest:                  {core.CodeInvalid},
		http.StatusRequestTimeout:              {core.CodeInvalid},
		http.StatusRequestEntityTooLarge:       {core.CodeInvalid},
		http.StatusRequestHeaderFieldsTooLarge: {core.CodeInvalid},
		http.StatusInternalServerError:         {core.CodeInternal},
	}
}

// usualRefusals is the codes of a status that an operation names in its Errors,
// where ownRefusals says nothing else.
var usualRefusals = refusals{
	http.StatusUnauthorized:       {core.CodeUnauthenticated, core.CodeTokenExpired},
	http.StatusForbidden:          {core.CodeDenied},
	http.StatusNotFound:           {core.CodeNotFound},
	http.StatusConflict:           {core.CodeConflict},
	http.StatusTooManyRequests:    {core.CodeRateLimited},
	http.StatusServiceUnavailable: {core.CodeDatabaseUnavailable},
}

// ownRefusals is what single operations answer beside or in place of the usual.
// The test that calls every operation fails on an answer that is missing here.
func ownRefusals() map[string]refusals {
	storage := []core.Code{core.CodeDatabaseUnavailable, core.CodeStorageUnavailable, core.CodeStorageDenied}
	upload := refusals{
		http.StatusTooManyRequests:       {core.CodeRateLimited, core.CodeQuotaExceeded},
		http.StatusRequestTimeout:        {core.CodeTooSlow},
		http.StatusConflict:              {core.CodeDuplicate},
		http.StatusRequestEntityTooLarge: {core.CodeFileTooLarge, core.CodeInvalid},
		http.StatusUnsupportedMediaType:  {core.CodeFileUnsupported, core.CodeInvalid},
		http.StatusUnprocessableEntity: {
			core.CodeInvalid, core.CodeFileEmpty, core.CodeFileEncrypted, core.CodeFileBroken, core.CodeFileTooManyPages,
			core.CodeFileBomb, core.CodeFileInfected,
		},
		http.StatusServiceUnavailable: append(slices.Clone(storage), core.CodeStorageConflict, core.CodeIntakePaused, core.CodeAgreementMissing),
		http.StatusForbidden:          {core.CodeAccountClosed},
	}
	accounts := []core.Code{core.CodeAccountsUnavailable, core.CodeDatabaseUnavailable}
	search := refusals{http.StatusServiceUnavailable: {
		core.CodeEmbedderUnavailable, core.CodeEmbedderBusy, core.CodeEmbedderKey, core.CodeEmbedderCredits,
		core.CodeEmbedderRefused, core.CodeBadVectors, core.CodeBudgetExhausted, core.CodeDatabaseUnavailable,
	}}
	signUp := refusals{
		http.StatusNotFound:            {core.CodeNotOffered},
		http.StatusConflict:            {core.CodeEmailTaken},
		http.StatusForbidden:           {core.CodeDenied, core.CodeEmailUnconfirmed},
		http.StatusUnprocessableEntity: {core.CodeInvalid, core.CodeWeakPassword},
		http.StatusServiceUnavailable:  accounts,
	}
	logIn := refusals{
		http.StatusUnauthorized:       {core.CodeBadCredentials},
		http.StatusForbidden:          {core.CodeEmailUnconfirmed, core.CodeDenied},
		http.StatusServiceUnavailable: accounts,
	}
	notOffered := []core.Code{core.CodeNotOffered}
	mails := refusals{http.StatusNotFound: notOffered, http.StatusServiceUnavailable: accounts}
	return map[string]refusals{
		"authorize":           mails,
		"recover":             mails,
		"resend-confirmation": mails,
		"arrive": {
			http.StatusBadRequest:         {core.CodeInvalid, core.CodeBadSignInCode},
			http.StatusNotFound:           notOffered,
			http.StatusServiceUnavailable: accounts,
		},
		"exchange": {
			http.StatusBadRequest:         {core.CodeInvalid, core.CodeBadSignInCode},
			http.StatusForbidden:          {core.CodeDenied, core.CodeEmailUnconfirmed},
			http.StatusNotFound:           notOffered,
			http.StatusServiceUnavailable: accounts,
		},
		"change-password": {
			http.StatusUnauthorized:        {core.CodeUnauthenticated, core.CodeTokenExpired, core.CodeBadCredentials},
			http.StatusUnprocessableEntity: {core.CodeInvalid, core.CodeWeakPassword, core.CodeSamePassword},
			http.StatusServiceUnavailable:  accounts,
		},
		"upload-document": upload,
		"create-document": upload,
		"announce-upload": {
			http.StatusTooManyRequests:       {core.CodeRateLimited, core.CodeQuotaExceeded},
			http.StatusConflict:              {core.CodeDuplicate},
			http.StatusRequestEntityTooLarge: {core.CodeFileTooLarge, core.CodeInvalid},
			http.StatusUnsupportedMediaType:  {core.CodeFileUnsupported, core.CodeInvalid},
			http.StatusServiceUnavailable:    append(slices.Clone(storage), core.CodeIntakePaused, core.CodeAgreementMissing),
			http.StatusForbidden:             {core.CodeAccountClosed},
		},
		"make-key":        {http.StatusConflict: {core.CodeTooManyKeys}},
		"delete-document": {http.StatusConflict: {core.CodeConflict, core.CodeLegalHold}},
		"complete-upload": {http.StatusServiceUnavailable: storage},
		"retry-document":  {http.StatusUnprocessableEntity: {core.CodeFileInfected}},
		"get-document-file": {
			http.StatusGone:                {core.CodeFileInfected},
			http.StatusInternalServerError: {core.CodeInternal, core.CodeFileMissing, core.CodeFileChanged},
			http.StatusServiceUnavailable:  storage,
		},
		"get-document-link": {
			http.StatusGone:                {core.CodeFileInfected},
			http.StatusInternalServerError: {core.CodeInternal, core.CodeFileMissing},
			http.StatusServiceUnavailable:  storage,
		},
		"list-sessions":      {http.StatusNotFound: notOffered, http.StatusServiceUnavailable: accounts},
		"end-session":        {http.StatusNotFound: {core.CodeNotFound, core.CodeNotOffered}, http.StatusServiceUnavailable: accounts},
		"end-other-sessions": {http.StatusServiceUnavailable: accounts},
		"export-user":        {http.StatusServiceUnavailable: accounts},
		"delete-user": {
			http.StatusUnauthorized:       {core.CodeUnauthenticated, core.CodeTokenExpired, core.CodeBadCredentials},
			http.StatusNotFound:           notOffered,
			http.StatusConflict:           {core.CodeLegalHold},
			http.StatusServiceUnavailable: accounts,
		},
		"search":     search,
		"search-old": search,
		"sign-up":    signUp,
		"register":   signUp,
		"log-in":     logIn,
		"log-in-old": logIn,
		"refresh": {
			http.StatusUnauthorized:       {core.CodeUnauthenticated, core.CodeTokenExpired, core.CodeTokenReused},
			http.StatusServiceUnavailable: accounts,
		},
		"log-out":   {http.StatusServiceUnavailable: accounts},
		"get-me":    {http.StatusServiceUnavailable: accounts},
		"get-user":  {http.StatusServiceUnavailable: accounts},
		"get-live":  {http.StatusServiceUnavailable: {core.CodeInternal}},
		"get-ready": {http.StatusServiceUnavailable: {core.CodeNotReady, core.CodeDatabaseUnavailable, core.CodeNoWorker}},
	}
}

// describeErrors writes every error answer of an operation: its codes in words,
// and a problem of each as an example.
func (a *api) describeErrors(doc *huma.OpenAPI, op *huma.Operation) {
	answers := refusalsOf(op)
	schema := &huma.Schema{Ref: "#/components/schemas/Problem"}
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		media := &huma.MediaType{Schema: schema, Examples: map[string]*huma.Example{}}
		for _, code := range answers[status] {
			name := fmt.Sprintf("problem-%d-%s", status, code)
			doc.Components.Examples[name] = problemExample(status, code)
			media.Examples[string(code)] = &huma.Example{Ref: "#/components/examples/" + name}
		}
		response := &huma.Response{
			Description: refusalWords(status, answers[status]),
			Content:     map[string]*huma.MediaType{problemType: media},
			Extensions:  map[string]any{codesExtension: answers[status]},
		}
		if said := op.Responses[strconv.Itoa(status)]; said != nil {
			response.Headers = said.Headers
		}
		op.Responses[strconv.Itoa(status)] = response
	}
}

// refusalsOf joins what the door, the operation's statuses and the operation
// itself can answer.
func refusalsOf(op *huma.Operation) refusals {
	answers := doorRefusals()
	own := ownRefusals()[op.OperationID]
	for text := range op.Responses {
		status, err := strconv.Atoi(text)
		if err != nil || status < http.StatusBadRequest {
			continue
		}
		codes, usual := usualRefusals[status]
		if !usual {
			codes = []core.Code{codeOf(status)}
		}
		answers[status] = codes
	}
	maps.Copy(answers, own)
	if !apart[op.Method+" "+op.Path] {
		answers.add(http.StatusServiceUnavailable, core.CodeOverloaded) // in a crowd
		answers.add(http.StatusServiceUnavailable, core.CodeNotReady)   // cut off by a stop
	}
	if len(op.Security) > 0 {
		answers.add(http.StatusServiceUnavailable, core.CodeAccountsUnavailable) // its token could not be looked at
		for _, code := range accesses[op.Method+" "+op.Path].refusals() {
			answers.add(http.StatusForbidden, code)
		}
	}
	if takesKey(op) {
		answers.add(http.StatusConflict, core.CodeIdempotencyInUse)
		answers.add(http.StatusUnprocessableEntity, core.CodeIdempotencyMismatch)
	}
	return answers
}

// add puts a code beside those of a status.
func (r refusals) add(status int, code core.Code) {
	if !slices.Contains(r[status], code) {
		r[status] = append(slices.Clone(r[status]), code)
	}
}

// refusalWords is a response's description, in Markdown.
func refusalWords(status int, codes []core.Code) string {
	var text strings.Builder
	text.WriteString(http.StatusText(status) + ".\n")
	for _, code := range codes {
		fmt.Fprintf(&text, "\n* `%s`: %s %s", code, code.Message(), code.Advice())
	}
	return text.String()
}

// problemExample is the problem that a code is answered with at a status.
func problemExample(status int, code core.Code) *huma.Example {
	detail := ""
	if code == core.CodeInvalid {
		detail = humaDetail(status)
	}
	p := newProblem(context.Background(), code, status, detail)
	p.Instance = "urn:uuid:" + exampleRequest
	switch {
	case code == core.CodeDuplicate:
		p.DocumentID, p.OldID, p.Filename = exampleDocument, exampleDocument, exampleName
	case code == core.CodeInvalid && status == http.StatusUnprocessableEntity:
		p.Errors = []Field{{Field: "body.query", Message: "expected required property query to be present"}}
	}
	return &huma.Example{Summary: code.Message(), Value: p}
}
