package legacy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/insurance-navigator/navigator/db"
)

// state is what the database holds before the run.
type state struct {
	foreign, aside, ours bool   // the old tables in place, or moved; ours
	vector               string // the schema of pgvector
	bypass               bool   // the login is not held by row policies
	missing              []string
}

func (a *adoption) state(ctx context.Context) (s state, err error) {
	for _, schema := range []string{db.Schema, Schema} { // the second reading is for the columns of one moved aside
		err = a.pool.QueryRow(ctx, a.sql("state.sql"), schema).Scan(&s.foreign, &s.aside, &s.ours, &s.vector, &s.bypass, &s.missing)
		if err != nil {
			return s, fmt.Errorf("look at the schema: %w", err)
		}
		if s.foreign {
			break
		}
	}
	return s, nil
}

// source is the schema of the old tables.
func (s state) source() string {
	if s.foreign {
		return db.Schema
	}
	return Schema
}

// check refuses what cannot end well, before anything is changed.
func (s state) check() error {
	switch {
	case !s.foreign && !s.aside:
		return ErrNone
	case s.foreign && s.aside:
		return errors.New("upload_pipeline and upload_pipeline_legacy both hold old tables: rename or drop one of them")
	case len(s.missing) > 0:
		return fmt.Errorf("the tables in %s are not the predecessor's: they lack %s", s.source(), strings.Join(s.missing, ", "))
	case s.vector != "extensions":
		return fmt.Errorf("the extension vector lies in schema %q: run: alter extension vector set schema extensions", s.vector)
	case !s.bypass:
		return errors.New("MIGRATE_DATABASE_URL logs in as a role that row policies hold: adopt as one that bypasses them (postgres on Supabase)")
	}
	return nil
}
