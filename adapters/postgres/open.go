package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvec "github.com/pgvector/pgvector-go/pgx"
)

// Options say how to open a pool.
type Options struct {
	URL  string // postgres:// address; the login role stands in it
	Name string // application_name
	// Role is the role the session works as. Where the login is another one
	// (development: the owner) the session changes to it; empty leaves it.
	Role     string
	MaxConns int32 // 0: pgx's default
	// Transaction says that a pooler in transaction mode lies between: named
	// prepared statements are off.
	Transaction bool
}

// Open makes a pool and proves it with one query. The error never holds the
// address or the password.
func Open(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("the database address cannot be read as postgres://user:password@host:port/database")
	}
	configure(config, o)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the database at %s:%d does not answer: %w",
			config.ConnConfig.Host, config.ConnConfig.Port, redact(err))
	}
	return pool, nil
}

func configure(config *pgxpool.Config, o Options) {
	params := config.ConnConfig.RuntimeParams
	params["search_path"] = ""
	params["application_name"] = o.Name
	params["statement_timeout"] = "30s"
	params["lock_timeout"] = "5s"
	params["idle_in_transaction_session_timeout"] = "30s"
	if login, _, _ := strings.Cut(config.ConnConfig.User, "."); o.Role != "" && login != o.Role {
		params["role"] = o.Role
	}
	if o.Transaction {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 10 * time.Minute
	config.AfterConnect = registerVector
}

// registerVector teaches a connection the vector type of schema extensions.
// pgvector-go's own helper looks along the search path, which is empty here.
func registerVector(ctx context.Context, conn *pgx.Conn) error {
	var scalar, array *uint32
	err := conn.QueryRow(ctx, `select to_regtype('extensions.vector')::oid, to_regtype('extensions.vector[]')::oid`).Scan(&scalar, &array)
	if err != nil {
		return fmt.Errorf("look for the vector type: %w", err)
	}
	if scalar == nil || array == nil {
		return nil // before the first migration; the schema check says so
	}
	types := conn.TypeMap()
	vector := &pgtype.Type{Name: "vector", OID: *scalar, Codec: pgxvec.VectorCodec{}}
	types.RegisterType(vector)
	types.RegisterType(&pgtype.Type{Name: "_vector", OID: *array, Codec: &pgtype.ArrayCodec{ElementType: vector}})
	return nil
}

// redact keeps a connect error's reason and drops the address and user that
// pgx prints with it.
func redact(err error) error {
	var connect *pgconnError
	if errors.As(err, &connect) {
		return errors.New(connect.Message)
	}
	unwrapped := err
	for next := errors.Unwrap(unwrapped); next != nil; next = errors.Unwrap(unwrapped) {
		unwrapped = next
	}
	return unwrapped
}
