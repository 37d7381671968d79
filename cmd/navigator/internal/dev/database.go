package dev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// database uses the one that DATABASE_URL names, else starts a private one.
func (s *site) database(ctx context.Context, config *boot.Config, fresh bool) error {
	if config.DatabaseURL.Set() {
		s.notes = append(s.notes, "database: the one DATABASE_URL names")
		if err := config.CheckMigrateSession(ctx); err != nil {
			return err
		}
		return db.Migrate(ctx, config.MigrateURL().Reveal())
	}
	options := pgserver.Options{Dir: s.path("pg"), Log: s.say, AllowInstall: true, AllowDocker: true}
	cluster, err := pgserver.Start(ctx, options)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if _, err := pgserver.StopAt(ctx, options); err != nil {
			s.say("PostgreSQL did not stop: %v", err)
		}
	})
	return s.own(ctx, config, cluster, fresh)
}

const databaseName = "navigator"

// own makes the private database and gives each login role a password.
func (s *site) own(ctx context.Context, config *boot.Config, cluster *pgserver.Cluster, fresh bool) error {
	conn, err := pgx.Connect(ctx, cluster.SuperURL())
	if err != nil {
		return fmt.Errorf("the private PostgreSQL does not answer: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is pending
	if err := createDatabase(ctx, conn, fresh); err != nil {
		return err
	}
	owner := withDatabase(cluster.SuperURL())
	if err := db.Migrate(ctx, owner); err != nil {
		return err
	}
	if err := resume(ctx, owner); err != nil {
		return err
	}
	app, err := s.remembered("app.password", func() (string, error) { return rand.Text(), nil })
	if err != nil {
		return err
	}
	for _, role := range []string{"inav_app", "inav_worker"} {
		// The password is made of letters and digits by rand.Text.
		if _, err := conn.Exec(ctx, fmt.Sprintf("alter role %s login password '%s'", role, app)); err != nil {
			return fmt.Errorf("give role %s its password: %w", role, err)
		}
	}
	config.MigrateDatabaseURL = boot.Secret(owner)
	config.DatabaseURL = boot.Secret(cluster.URL(databaseName, "inav_app", app))
	config.WorkerDatabaseURL = boot.Secret(cluster.URL(databaseName, "inav_worker", app))
	s.notes = append(s.notes, "database: private PostgreSQL under "+s.path("pg"))
	return nil
}

func createDatabase(ctx context.Context, conn *pgx.Conn, fresh bool) error {
	if fresh {
		if _, err := conn.Exec(ctx, "drop database if exists "+databaseName+" with (force)"); err != nil {
			return fmt.Errorf("drop the private database: %w", err)
		}
	}
	_, err := conn.Exec(ctx, "create database "+databaseName)
	var state interface{ SQLState() string }
	if errors.As(err, &state) && state.SQLState() == "42P04" {
		return nil // there already
	}
	if err != nil {
		return fmt.Errorf("create the private database: %w", err)
	}
	return nil
}

// resume gives the jobs of a killed run back to the queue. The lock says that
// no other run works on this place, so none of them is being worked; elsewhere
// a rescue has to wait until that is certain.
func resume(ctx context.Context, owner string) error {
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		return fmt.Errorf("the private database does not answer: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is pending
	_, err = conn.Exec(ctx, `update river.river_job set state = 'available', attempt = greatest(attempt - 1, 0), scheduled_at = now()
		where state = 'running'`)
	if err != nil {
		return fmt.Errorf("resume the jobs of the last run: %w", err)
	}
	return nil
}

// withDatabase puts our database's name into the superuser's address.
func withDatabase(super string) string {
	address, err := url.Parse(super)
	if err != nil {
		return super
	}
	address.Path = "/" + databaseName
	return address.String()
}

// remembered reads a private file, or makes it.
func (s *site) remembered(name string, make func() (string, error)) (string, error) {
	path := s.path(name)
	text, err := os.ReadFile(path) //nolint:gosec // our own folder
	if err == nil {
		return string(text), nil
	}
	value, err := make()
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		return "", fmt.Errorf("keep %s: %w", path, err)
	}
	return value, nil
}
