// Package supabasetest is a stand-in for a Supabase project: the gateway,
// Storage and Auth as one http.Handler. It behaves like the services were
// observed to behave, traps included: HTTP 400 with the true status as a string
// in the body, bodies of unknown length that slip past a bucket's size limit,
// MIME types compared to the letter, deletes that are refused in silence.
//
// Objects and accounts are kept in memory, or in a folder so that a developer's
// project outlives a restart. Faults are planted with Break; Requests is the
// ledger of what was asked.
package supabasetest
