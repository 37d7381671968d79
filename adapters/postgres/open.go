package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgconn"
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
	// Expect is the mode that has to be found; empty takes what is there.
	Expect Mode
	// Lookup finds a host's addresses; nil is this machine's own way.
	Lookup pgconn.LookupFunc
	// Standby takes connections to standbys alone, and otherwise to none.
	Standby bool
	// Traced is told of every statement; it must not wait. May be nil.
	Traced func(Statement)
}

// Open is Connect for those who need not know what was found.
func Open(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	pool, _, err := Connect(ctx, o)
	return pool, err
}

// Connect looks at what answers at the address, makes a pool that is right for
// it, and proves the pool with one query. Errors never hold the login or the
// password; see Final.
func Connect(ctx context.Context, o Options) (*pgxpool.Pool, Finding, error) {
	found, err := Probe(ctx, o)
	if err != nil {
		return nil, found, err
	}
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, found, errAddress
	}
	configure(config, o, found)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, found, fmt.Errorf("open the database pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, found, refuse(found.Place, nil, err)
	}
	return pool, found, nil
}

// pingTime is how long a connection that has rested may take to show that it
// lives before another is made.
const pingTime = 5 * time.Second

// configure fits the pool to the mode. In transaction mode nothing may be left
// in a session: statements are described once and never named, and what a
// session would be set to are the login role's own settings, see db.Migrate.
func configure(config *pgxpool.Config, o Options, found Finding) {
	config.ConnConfig.RuntimeParams["application_name"] = o.Name
	if o.Lookup != nil {
		config.ConnConfig.LookupFunc = o.Lookup
	}
	tracers := []pgx.QueryTracer{spans{}}
	if o.Traced != nil {
		tracers = append(tracers, tracer{o.Traced})
	}
	config.ConnConfig.Tracer = multitracer.New(tracers...)
	needServer(config.ConnConfig, o.Standby)
	dial(config.ConnConfig)
	config.AfterConnect = registerVector
	if found.Mode == Transaction {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	} else {
		role := o.Role
		if role == "" {
			role = found.Login
		}
		config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
			if err := steady(ctx, conn, role); err != nil {
				return err
			}
			return registerVector(ctx, conn)
		}
	}
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	config.PingTimeout = pingTime
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 10 * time.Minute
}

// needServer takes connections to a primary alone, unless a standby is wanted.
// An address may lead to a standby where it was led elsewhere before that was
// promoted: what it has not replayed yet would read as not there. A primary that
// refuses writes is taken, for it still answers reads; and so is what the
// address itself asks for.
func needServer(config *pgx.ConnConfig, standby bool) {
	switch {
	case standby:
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsStandby
	case config.ValidateConnect == nil:
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
}

// steady sets a session that is ours alone. It is said after the login, for
// poolers refuse such parameters at the login, or forget them in silence.
func steady(ctx context.Context, conn *pgx.Conn, role string) error {
	_, err := conn.Exec(ctx, `select set_config('search_path', '', false), set_config('statement_timeout', '30s', false),
		set_config('lock_timeout', '5s', false), set_config('idle_in_transaction_session_timeout', '30s', false),
		set_config('role', $1, false)`, role)
	if err != nil {
		return fmt.Errorf("settle the session: %w", err)
	}
	return nil
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
