// Package session finds out which deployment is meant and who its user is, and
// keeps the session: in .local/session.json beside the profile that make dev
// wrote, for any other deployment in the user's own configuration folder. Files
// are private (0600), written whole, and guarded by a lock between processes.
package session
