package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Finding is what answers at an address.
type Finding struct {
	Place   Place
	Mode    Mode
	Network string // IPv4, IPv6 or socket
	TLS     string // the version, or none
	Server  string // PostgreSQL's version
	Login   string // the role that logged in
	Role    string // the role that sessions work as
	Notes   []Note
}

// Note is something that works, but not for long, not for everyone, or not
// safely. About is one word: limits or encryption.
type Note struct{ About, Detail, Advice string }

// String is what was found, in words.
func (f Finding) String() string {
	return fmt.Sprintf("%s at %s over %s (TLS: %s), user form %s, as %s, PostgreSQL %s",
		described[f.Mode], f.Place, f.Network, f.TLS, f.Place.UserForm(), f.Role, f.Server)
}

// LogValue is the line of the start report.
func (f Finding) LogValue() slog.Value {
	return slog.GroupValue(slog.String("host", f.Place.Host), slog.Int("port", int(f.Place.Port)), slog.String("user_form", f.Place.UserForm()),
		slog.String("pool_mode", string(f.Mode)), slog.String("network", f.Network), slog.String("tls", f.TLS),
		slog.String("login", f.Login), slog.String("role", f.Role), slog.String("server", f.Server))
}

// The probe's bounds: of each way to the server, of the questions to both
// connections, and of all of it. Two processes that start at once may each
// hold the one connection the other waits for; hence the second bound.
const (
	dialTime   = 4 * time.Second
	detectTime = 8 * time.Second
	probeTime  = 12 * time.Second
)

// Probe connects twice, finds the mode, compares it with what is expected, and
// closes both connections. It changes nothing.
func Probe(ctx context.Context, o Options) (Finding, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return Finding{}, errAddress
	}
	found := Finding{Place: placeOf(config), Role: o.Role}
	if err := found.Place.Check(); err != nil {
		return found, &Refusal{Place: found.Place, Final: true, text: "the user is in the wrong form", advice: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	try := prepare(config.ConnConfig, o)
	err = try.look(ctx, &found)
	switch {
	case err == nil:
		return found, found.judge(o)
	case found.Login == "":
		return found, refuse(found.Place, try.addresses, err)
	case errors.Is(err, context.DeadlineExceeded):
		return found, &Refusal{Place: found.Place, text: "it has no second connection free", advice: adviceRoom, cause: err}
	}
	return found, refuse(found.Place, nil, err) // it was reached
}

// try is one look at a server.
type try struct {
	config    *pgx.ConnConfig
	addresses []string // what the host's name led to
}

func prepare(config *pgx.ConnConfig, o Options) *try {
	t := &try{config: config}
	lookup := config.LookupFunc
	if o.Lookup != nil {
		lookup = o.Lookup
	}
	config.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		found, err := lookup(ctx, host)
		t.addresses = found
		return found, err
	}
	needServer(config, o.Standby)
	config.RuntimeParams["application_name"] = o.Name
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // nothing is named, nothing is kept
	if config.ConnectTimeout == 0 || config.ConnectTimeout > dialTime {
		config.ConnectTimeout = dialTime
	}
	return t
}

func (t *try) look(ctx context.Context, found *Finding) error {
	first, err := pgx.ConnectConfig(ctx, t.config)
	if err != nil {
		return err
	}
	defer first.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	found.Network, found.TLS = wire(first.PgConn().Conn())
	if err := found.ask(ctx, first); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, detectTime)
	defer cancel()
	second, err := pgx.ConnectConfig(ctx, t.config)
	if err != nil {
		return err
	}
	defer second.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	found.Mode, err = detect(ctx, first, second)
	return err
}

// wire tells what carries a connection.
func wire(conn net.Conn) (network, secure string) {
	secure = "none"
	if t, ok := conn.(*tls.Conn); ok {
		secure = tls.VersionName(t.ConnectionState().Version)
	}
	address, ok := conn.RemoteAddr().(*net.TCPAddr)
	switch {
	case !ok:
		return "socket", secure
	case address.IP.To4() != nil:
		return "IPv4", secure
	}
	return "IPv6", secure
}

// ask reads who logged in, and whether the login's own settings hold what a
// session cannot where it is shared.
func (f *Finding) ask(ctx context.Context, conn *pgx.Conn) error {
	var path, timeout string
	err := conn.QueryRow(ctx, `select session_user, current_setting('server_version'), current_setting('search_path'),
		current_setting('statement_timeout')`).Scan(&f.Login, &f.Server, &path, &timeout)
	if err == nil && (path != "" && path != `""` || timeout == "0") {
		f.Notes = append(f.Notes, Note{"limits", "the login " + f.Login + " has no time limits and no search path of its own",
			"Run navigator migrate of this release: it gives them to inav_app and inav_worker."})
	}
	return err
}

// judge compares with what is expected, and notes what works and should not
// stay.
func (f *Finding) judge(o Options) error {
	if f.Role == "" {
		f.Role = f.Login
	}
	if f.Mode != Transaction {
		f.Notes = nil // each session is set by steady
	}
	f.noteTLS()
	if o.Expect != "" && o.Expect != f.Mode {
		return &Mismatch{Place: f.Place, Expected: o.Expect, Found: f.Mode}
	}
	if f.Mode == Transaction && f.Role != f.Login {
		return errRole(f.Place, f.Role)
	}
	return nil
}

func (f *Finding) noteTLS() {
	ip := net.ParseIP(f.Place.Host)
	if f.Network == "socket" || f.Place.Host == "localhost" || ip != nil && ip.IsLoopback() {
		return
	}
	switch {
	case f.TLS == "none":
		f.Notes = append(f.Notes, Note{"encryption", "the connection is not encrypted", "Add sslmode=verify-full, and sslrootcert with the provider's certificate."})
	case f.Place.TLS != "verified" && f.Place.TLS != "verified CA":
		f.Notes = append(f.Notes, Note{"encryption", "nobody checks the server's certificate", "Say sslmode=verify-full, and sslrootcert with the provider's certificate."})
	}
}
