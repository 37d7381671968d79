// Package dump prints a migrated database's schema as SQL that stays the same
// over PostgreSQL's versions: db/schema.sql is such a print, and a test holds
// it to the migrations.
package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// Command writes the file anew; messages name it.
const Command = "go run ./db/schemadump -write"

// Schemas are the ones printed: River's own tables are River's to describe.
var Schemas = []string{db.Schema, "local_auth"}

// ErrNoProgram says that no pg_dump fit for the server was found.
var ErrNoProgram = errors.New("no pg_dump fit for the server")

const header = `-- The schemas upload_pipeline and local_auth as the migrations leave them.
-- Generated: ` + Command + `
-- The reasons stand in db/migrations. A superuser migrated; it is written "owner" here.
`

// Dump prints the schemas of the migrated database at target, a superuser's
// URL. ErrNoProgram says that this machine has no pg_dump for it.
func Dump(ctx context.Context, target string) (string, error) {
	program, err := find(ctx)
	if err != nil {
		return "", err
	}
	address, err := url.Parse(target)
	if err != nil {
		return "", errors.New("the database address cannot be read") // the parser's error would echo the password
	}
	raw, err := run(ctx, program, address)
	if err != nil {
		return "", err
	}
	return header + "\n" + plain(raw, address.User.Username()), nil
}

// find looks where the server's own programs are, then along the PATH.
func find(ctx context.Context) (string, error) {
	if bins, err := pgserver.Find(ctx, pgserver.Options{}); err == nil && bins.BinDir != "" {
		program := filepath.Join(bins.BinDir, "pg_dump")
		if _, err := os.Stat(program); err == nil {
			return program, nil
		}
	}
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		return "", fmt.Errorf("%w: it is neither beside a PostgreSQL server nor on the PATH", ErrNoProgram)
	}
	return program, nil
}

// run passes the password by the environment, where no other user sees it.
func run(ctx context.Context, program string, address *url.URL) (string, error) {
	password, _ := address.User.Password()
	bare := *address
	bare.User = url.User(address.User.Username())
	args := []string{"--schema-only", "--no-owner", "--no-comments", "--no-tablespaces", "--dbname", bare.String()}
	for _, schema := range Schemas {
		args = append(args, "--schema="+schema)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if strings.Contains(faults.String(), "server version mismatch") {
		return "", fmt.Errorf("%w: %s is older than the server", ErrNoProgram, program)
	}
	if err != nil {
		return "", fmt.Errorf("pg_dump: %s: %w", strings.Join(strings.Fields(faults.String()), " "), err)
	}
	return string(out), nil
}
