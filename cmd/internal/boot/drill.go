package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/insurance-navigator/navigator/db"
)

// wipeTime bounds the wiping of a drill's place, which is done whatever ended it.
const wipeTime = 5 * time.Minute

// Drill restores a backup into the scratch database of DRILL_DATABASE_URL and
// into a folder of its own, looks whether all is in order, and wipes both. It
// calls no outside service. dir stands in for BACKUP_DIR where it is not empty.
func Drill(ctx context.Context, environ []string, dir, id string, look Look) (done Restored, err error) {
	archive, config, err := openArchive(ctx, environ, dir, Scratch)
	if err != nil {
		return done, err
	}
	files, err := os.MkdirTemp("", "navigator-drill-")
	if err != nil {
		return done, fmt.Errorf("no room for the drill's files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(files)) }()
	url := config.DrillURL.Reveal()
	if err := db.Claim(ctx, url); err != nil {
		return done, fmt.Errorf("DRILL_DATABASE_URL: %w", err)
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), wipeTime)
		defer cancel()
		err = errors.Join(err, db.Wipe(last, url))
	}()
	hand, err := newRestore(archive, config.scratch(files))
	if err != nil {
		return done, err
	}
	return hand.Run(ctx, id, look)
}

// scratch is a worker's configuration that reaches the drill's place alone. Its
// database is worked on as the owner, who may take the worker's role.
func (c Config) scratch(files string) Config {
	s := Defaults()
	s.Mode, s.PoolMode, s.Environment, s.StorageEnv = c.Mode, c.PoolMode, c.Environment, c.StorageEnv
	s.MigrateDatabaseURL, s.WorkerDatabaseURL = c.DrillURL, c.DrillURL
	s.StorageProvider, s.FilestoreDir = "filestore", filepath.Join(files, "files")
	s.Archive.Dir = filepath.Join(files, "archive")
	s.Parser, s.OpenAIKey = "pdftext", "nobody is called"
	return s
}
