// Package supabase fills ports.Blobs with Supabase Storage and ports.Accounts
// with Supabase Auth (GoTrue), both by hand on net/http.
//
// Storage answers nearly every failure with HTTP 400 and tells the truth in the
// body, so an answer is judged by the body's code, then by its statusCode, and
// by the HTTP status only where there is no such body. Gateways and edges in
// between answer HTML or nothing at all: no body is taken for JSON unproven,
// and a 404 that the storage itself did not word is never "the file is absent".
//
// Errors are *core.Error; their causes hold a step, a status and a code, and
// never a body, an object key, an address or a credential.
package supabase
