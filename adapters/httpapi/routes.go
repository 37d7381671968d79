package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const (
	securityName  = "bearer"
	pathUpload    = "/upload-document-backend"
	pathDocuments = "/documents"
	pathLimits    = "/api/upload-pipeline/upload/limits"
	pathOpenAPI   = "/openapi.json"
	pathOpenAPI30 = "/openapi-3.0.json"
	pathYAML      = "/openapi.yaml"
	pathYAML30    = "/openapi-3.0.yaml"
	pathJWKS      = "/.well-known/jwks.json"
	pathDocs      = "/docs"
)

// register adds every operation and then what only the finished document takes.
// It returns the routes that take an idempotency key.
func (a *api) register(h huma.API) map[string]bool {
	a.registerDocuments(h)
	a.registerLibrary(h)
	a.registerEvents(h)
	a.registerUploads(h)
	a.registerAccounts(h)
	a.registerLinks(h)
	a.registerSessions(h)
	a.registerClosing(h)
	a.registerKeys(h)
	a.registerAdmin(h)
	a.registerHealth(h)
	a.registerAliases(h)
	quoteSchema(h)
	nameForGo(h.OpenAPI())
	a.describeUpload(h.OpenAPI())
	a.describeSignUp(h.OpenAPI())
	a.boundSearch(h.OpenAPI())
	a.describeKeyRequest(h.OpenAPI())
	a.boundAdmin(h.OpenAPI())
	a.describeLibrary(h.OpenAPI())
	a.describeEvents(h.OpenAPI())
	describeLastError(h.OpenAPI())
	keyed := describeKeys(h.OpenAPI(), a.Limits)
	describeRates(h.OpenAPI())
	describeTags(h.OpenAPI())
	a.complete(h.OpenAPI())
	a.describeQuotes(h)
	return keyed
}

func (a *api) registerDocuments(h huma.API) {
	tags := []string{"Documents"}
	route(h, huma.Operation{
		OperationID: "upload-document", Method: http.MethodPost, Path: pathUpload, Tags: tags, Middlewares: quoted(a.quoteFile),
		Summary: "Upload a document",
		Description: "Stores the file and starts the pipeline. " + a.Limits.words() +
			" The same content again is 409 with the id of the document that is there; one that failed is taken up again.",
		Errors: []int{400, 408, 409, 413, 415, 422, 503},
	}, a.upload)
	route(h, huma.Operation{
		OperationID: "get-document-status", Method: http.MethodGet, Path: "/documents/{id}/status", Tags: tags,
		Summary:     "Where a document stands",
		Description: "Status, progress, timings and, after a failure, the reason. A document of another account is 404, as an unknown one.",
		Errors:      []int{404, 503},
	}, a.status)
	route(h, huma.Operation{
		OperationID: "delete-document", Method: http.MethodDelete, Path: "/documents/{id}", Tags: tags,
		DefaultStatus: http.StatusAccepted,
		Summary:       "Delete a document",
		Description: "From the answer on nothing of the document can be found; its files are removed in the background," +
			" and a receipt tells when they are. A document under a legal hold is 409 and stays as it is.",
		Errors: []int{404, 409, 503},
	}, a.remove)
	route(h, huma.Operation{
		OperationID: "search", Method: http.MethodPost, Path: "/search", Tags: []string{"Search"},
		MaxBodyBytes: a.Limits.MaxBodyBytes + 1,
		Summary:      "Search in one's own documents",
		Description: "Compares the question with every passage of one's complete documents, by meaning (vectors) and by words, and answers the best first. " +
			"While the embedding service is away the answer is by words alone: mode is text and degraded says why, or 503 where require_vectors is set.",
		Errors: []int{400, 408, 413, 415, 503},
	}, a.search)
	route(h, huma.Operation{
		OperationID: "get-upload-limits", Method: http.MethodGet, Path: pathLimits, Tags: tags,
		Summary:     "Every limit of the service",
		Description: "What uploads, lists, searches and passwords are held to, and how often one may ask.",
		Errors:      []int{500},
	}, a.uploadLimits)
}

func (a *api) registerAccounts(h huma.API) {
	tags := []string{"Accounts"}
	body := a.Limits.MaxBodyBytes + 1
	route(h, huma.Operation{
		OperationID: "sign-up", Method: http.MethodPost, Path: "/auth/signup", Tags: tags,
		DefaultStatus: http.StatusCreated, MaxBodyBytes: body,
		Summary:     "Make an account",
		Description: "Makes the account and signs it in; 202 says the e-mail address has to be confirmed first, and is answered alike for one that has an account.",
		Errors:      []int{400, 408, 409, 413, 415, 429, 503},
	}, a.signUp)
	route(h, huma.Operation{
		OperationID: "log-in", Method: http.MethodPost, Path: "/auth/login", Tags: tags, MaxBodyBytes: body,
		Summary:     "Sign in",
		Description: "Answers a wrong password and an unknown address alike.",
		Errors:      []int{400, 401, 403, 408, 413, 415, 429, 503},
	}, a.login)
	route(h, huma.Operation{
		OperationID: "refresh", Method: http.MethodPost, Path: "/auth/refresh", Tags: tags, MaxBodyBytes: body,
		Summary:     "Get new tokens",
		Description: "Trades a refresh token, once. Using one twice ends the whole session.",
		Errors:      []int{400, 401, 403, 408, 413, 415, 429, 503},
	}, a.refresh)
	route(h, huma.Operation{
		OperationID: "log-out", Method: http.MethodPost, Path: "/auth/logout", Tags: tags,
		DefaultStatus: http.StatusNoContent,
		Summary:       "Sign out",
		Description:   "Ends the session that the access token belongs to.",
		Errors:        []int{503},
	}, a.logout)
	route(h, huma.Operation{
		OperationID: "get-user", Method: http.MethodGet, Path: "/auth/user", Tags: tags,
		Summary:     "One's own account",
		Description: "The account that the access token speaks for.",
		Errors:      []int{404, 503},
	}, a.profile)
}

func (a *api) registerHealth(h huma.API) {
	tags := []string{"Health"}
	route(h, huma.Operation{
		OperationID: "get-health", Method: http.MethodGet, Path: "/health", Tags: tags,
		Summary:     "What the deployment knows of itself",
		Description: "The last real result of calls to each service, read from what is known. Answers 200 also when degraded.",
		Errors:      []int{500},
	}, a.health)
	route(h, huma.Operation{
		OperationID: "get-live", Method: http.MethodGet, Path: "/livez", Tags: tags,
		Summary: "Whether the process makes progress", Description: "Depends on nothing outside of it. 503 says that a part of it is frozen: start it anew.",
		Errors: []int{503},
	}, a.live)
	route(h, huma.Operation{
		OperationID: "get-ready", Method: http.MethodGet, Path: "/readyz", Tags: tags,
		Summary: "Whether the process takes work", Description: "503 while it starts or stops.",
		Errors: []int{503},
	}, a.ready)
}
