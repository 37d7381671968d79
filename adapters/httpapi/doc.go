// Package httpapi is the two HTTP doors: the API that clients call (NewAPI) and
// the webhook that the parser calls (NewWebhook). Both are plain net/http
// handlers; the API's operations are described and validated by Huma on the
// standard ServeMux, whose error functions, schema links and multipart reader
// are replaced because they echo what clients sent or spool it out of our sight.
//
// Every error is a problem document (RFC 9457) made in one place from one table
// (statuses.go). It holds codes and fixed words: no value a client sent, and
// nothing that a driver or a provider said.
//
// Every route needs a bearer token unless PublicRoutes lists it.
package httpapi
