// Package navigatorapi is a client of the insurance navigator's HTTP API.
//
// client.gen.go and models.gen.go are generated from the API's OpenAPI 3.0.3 document; `make
// clients` writes it anew. What stands beside it is what no generator makes of
// a document: the body of an upload (File), the bearer token (WithToken), other
// headers (WithHeader), one way to read every error (ProblemOf) and the wait
// until a document is done (Wait). The package knows nothing of the service's own code.
//
// Each operation has one method of ClientWithResponses. It returns an error
// only when there is no answer or none that can be read; an answer that says no
// is read by ProblemOf.
package navigatorapi
