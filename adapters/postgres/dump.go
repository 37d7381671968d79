package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
)

// leftOut are the tables that no backup holds: what belongs to one database or
// one process, and what would sign somebody in. The queue is left out whole: its
// jobs follow from the documents.
var leftOut = []string{"upload_pipeline.schema_version", "upload_pipeline.identity", "upload_pipeline.instances",
	"local_auth.sessions", "local_auth.refresh_tokens", "local_auth.site_flows", "local_auth.site_codes", "local_auth.mails", "local_auth.mail_links",
	"upload_pipeline.api_keys", "upload_pipeline.role_grants"} // an old backup would let in whom that was taken from

// DumpTable is a table of a dump, with the columns that are not computed.
type DumpTable struct {
	Schema, Name string
	Columns      []string
}

// Dump is one snapshot of the database, read as its owner.
type Dump struct {
	Schema   int64 // the schema's version
	Postgres string
	LSN      string // empty where the login may not ask
	Taken    time.Time
	// Tables are in an order in which they can be filled: a table comes after
	// those that it refers to.
	Tables    []DumpTable
	Sequences map[string]int64

	tx pgx.Tx
}

// errHidden says that row security would leave rows out of the dump.
var errHidden = errors.New("the login of MIGRATE_DATABASE_URL cannot read every row: run as a superuser `alter role <that login> bypassrls`")

// TakeDump opens a snapshot and hands it to read. Everything in it is of one
// moment, without any lock that others wait for, and it is one transaction:
// that works behind poolers of every kind.
func TakeDump(ctx context.Context, pool *pgxpool.Pool, read func(*Dump) error) error {
	options := pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	return pgx.BeginTxFunc(ctx, pool, options, func(tx pgx.Tx) error {
		// Rows that are hidden are an error, and never a dump without them.
		if _, err := tx.Exec(ctx, `set local row_security = off; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`,
			pgx.QueryExecModeSimpleProtocol); err != nil {
			return trouble(err)
		}
		d := &Dump{tx: tx, Sequences: map[string]int64{}}
		if err := d.look(ctx); err != nil {
			return hidden(err)
		}
		return hidden(read(d))
	})
}

func hidden(err error) error {
	if state(err) == "42501" {
		return errHidden
	}
	return err
}

// look reads what the dump is of.
func (d *Dump) look(ctx context.Context) error {
	err := d.tx.QueryRow(ctx, `select (select max(version_id) from upload_pipeline.schema_version where is_applied),
		current_setting('server_version'), clock_timestamp(),
		case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text else pg_current_wal_lsn()::text end`).
		Scan(&d.Schema, &d.Postgres, &d.Taken, &d.LSN)
	if err != nil {
		return trouble(err)
	}
	if d.Tables, err = dumpTables(ctx, d.tx); err != nil {
		return trouble(err)
	}
	rows, err := d.tx.Query(ctx, `select quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value from pg_catalog.pg_sequences
		where schemaname in ('upload_pipeline', 'local_auth') and last_value is not null
		and sequencename not like 'schema\_version%'`)
	if err != nil {
		return trouble(err)
	}
	var name string
	var last int64
	_, err = pgx.ForEachRow(rows, []any{&name, &last}, func() error {
		d.Sequences[name] = last
		return nil
	})
	return trouble(err)
}

// dumpTables lists the tables, those that others refer to first.
func dumpTables(ctx context.Context, tx pgx.Tx) ([]DumpTable, error) {
	rows, err := tx.Query(ctx, `select n.nspname, c.relname,
			(select array_agg(a.attname::text order by a.attnum) from pg_catalog.pg_attribute a
				where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
			array(select distinct fn.nspname || '.' || f.relname from pg_catalog.pg_constraint k
				join pg_catalog.pg_class f on f.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
				where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid)
		from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('upload_pipeline', 'local_auth') and c.relkind = 'r' and n.nspname || '.' || c.relname <> all ($1)
		order by 1, 2`, leftOut)
	if err != nil {
		return nil, err
	}
	type linked struct {
		DumpTable
		refers []string
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t linked, err error) {
		return t, row.Scan(&t.Schema, &t.Name, &t.Columns, &t.refers)
	})
	if err != nil {
		return nil, err
	}
	var ordered []DumpTable
	placed := map[string]bool{}
	for len(all) > 0 {
		next := slices.IndexFunc(all, func(t linked) bool {
			return !slices.ContainsFunc(t.refers, func(r string) bool { return !placed[r] })
		})
		if next < 0 {
			return nil, errors.New("tables refer to each other in a circle: they cannot be filled in any order")
		}
		ordered = append(ordered, all[next].DumpTable)
		placed[all[next].Schema+"."+all[next].Name] = true
		all = slices.Delete(all, next, next+1)
	}
	return ordered, nil
}

// Read writes a table's rows in PostgreSQL's binary form of COPY, which keeps
// every value to the bit, and counts them.
func (d *Dump) Read(ctx context.Context, table DumpTable, to io.Writer) (rows int64, err error) {
	tag, err := d.tx.Conn().PgConn().CopyTo(ctx, to, table.copySQL("to stdout"))
	return tag.RowsAffected(), err
}

func (t DumpTable) quoted() string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }

func (t DumpTable) copySQL(direction string) string {
	columns := ""
	for i, name := range t.Columns {
		if i > 0 {
			columns += ", "
		}
		columns += pgx.Identifier{name}.Sanitize()
	}
	return fmt.Sprintf("copy %s (%s) %s (format binary)", t.quoted(), columns, direction)
}

// DumpFile is a stored file that the snapshot's documents have.
type DumpFile struct {
	Document core.ID
	Key      string
	Type     string
	Size     int64
	SHA256   []byte
}

// Files lists them; of a document that is being deleted, or had malware in it,
// the file may be gone.
func (d *Dump) Files(ctx context.Context) ([]DumpFile, error) {
	rows, err := d.tx.Query(ctx, `select d.document_id, d.storage_key, d.mime, d.bytes_len, d.file_sha256 from `+present+`
		where d.removed_at is null and not `+infected+` order by d.document_id`)
	if err != nil {
		return nil, trouble(err)
	}
	files, err := pgx.CollectRows(rows, pgx.RowToStructByPos[DumpFile])
	return files, trouble(err)
}

// Burial is a deletion that was asked for; of an account where Document is zero.
type Burial struct {
	Document, User core.ID
	At             time.Time
	Reason         core.DeletionReason
}

// Burials lists the deletions that the database knows of, of documents, announced
// uploads and accounts alike. It is read outside of any snapshot, after it: what was
// deleted meanwhile is among them.
func Burials(ctx context.Context, pool *pgxpool.Pool) (list []Burial, err error) {
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local row_security = off; set local statement_timeout = '10min'`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		var kept, accounts bool
		if err := tx.QueryRow(ctx, `select to_regclass('upload_pipeline.deletions') is not null, to_regclass('upload_pipeline.closed_accounts') is not null`).
			Scan(&kept, &accounts); err != nil {
			return err
		}
		list, err = burials(ctx, tx, kept, accounts)
		return err
	})
	return list, hidden(trouble(err))
}

// burials reads the tombstones, or, in a schema of before there were any, what
// tells of deletions; and the closed accounts, where the schema has them.
func burials(ctx context.Context, tx pgx.Tx, kept, accounts bool) ([]Burial, error) {
	sql := `select document_id, user_id, requested_at, reason from upload_pipeline.deletions`
	if !kept {
		sql = `select document_id, user_id, min(at), 'owner' from upload_pipeline.events where status = 'deleting' group by 1, 2
			union select document_id, user_id, updated_at, 'owner' from upload_pipeline.upload_intents i where state = 'removed'
				and not exists (select from upload_pipeline.events e where e.document_id = i.document_id and e.status = 'deleting')`
	}
	if accounts {
		sql += ` union all select '00000000-0000-0000-0000-000000000000', account_id, closed_at, 'owner' from upload_pipeline.closed_accounts`
	}
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Burial])
}
