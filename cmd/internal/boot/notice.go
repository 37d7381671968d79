package boot

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/core/audit"
)

// Notice is the log of what a scheduler starts: one line at the end, which the
// alarms look for.
type Notice struct {
	log   *slog.Logger
	began time.Time
}

// NewNotice begins one, to be written to w as the services write theirs.
func NewNotice(environ []string, w io.Writer) Notice {
	config, err := Read(environ)
	if err != nil {
		config = Defaults() // what is wrong with the settings ends the command itself
	}
	return Notice{NewLog(w, config), time.Now()}
}

// Backup tells of a backup that was made, or was not; one without all files has
// failed.
func (n Notice) Backup(ctx context.Context, m vault.Manifest, err error) {
	about := []any{"backup", m.ID, "rows", m.Rows(), "files", m.Files, "copied", m.Copied, "lost", m.Lost,
		"tombstones", m.Tombstones, "bytes", m.Bytes() + m.FileBytes, "duration_ms", time.Since(n.began).Milliseconds()}
	if err != nil || m.Lost > 0 {
		n.log.ErrorContext(ctx, "backup failed", because(about, err)...)
		return
	}
	n.log.InfoContext(ctx, "backup done", about...)
}

// Tombstones tells of the deletions that were kept.
func (n Notice) Tombstones(ctx context.Context, total, added int, err error) {
	if err != nil {
		n.log.ErrorContext(ctx, "tombstones failed", "error", err)
		return
	}
	n.log.InfoContext(ctx, "tombstones done", "total", total, "added", added, "duration_ms", time.Since(n.began).Milliseconds())
}

// Drill tells of a restore drill. One after which anything is not in order has
// failed.
func (n Notice) Drill(ctx context.Context, done Restored, err error) {
	about := []any{"backup", done.Backup, "rows", done.Rows, "files", done.Files, "lost", done.Lost, "violations", len(done.Violations),
		"rows_ms", done.LoadTime.Milliseconds(), "files_ms", done.FileTime.Milliseconds(), "duration_ms", done.Whole.Milliseconds()}
	if !done.Taken.IsZero() {
		about = append(about, "age_seconds", int64(time.Since(done.Taken).Seconds()))
	}
	if err != nil || !done.InOrder() {
		n.log.ErrorContext(ctx, "restore drill failed", because(append(about, "rules", broken(done.Violations)), err)...)
		return
	}
	n.log.InfoContext(ctx, "restore drill done", about...)
}

// because adds what went wrong, where anything did.
func because(about []any, err error) []any {
	if err == nil {
		return about
	}
	return append(about, "error", err)
}

// broken names the rules that do not hold, each once.
func broken(found []audit.Violation) string {
	var names []string
	for _, one := range found {
		names = append(names, one.Rule)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}
