package postgres_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// refusing is a server that answers every login with one error.
func refusing(t *testing.T, state, message string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			refuseLogin(conn, &pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: state, Message: message})
		}
	}()
	return listener.Addr().String()
}

func refuseLogin(conn net.Conn, refusal *pgproto3.ErrorResponse) {
	defer conn.Close() //nolint:errcheck // it is hung up either way
	backend := pgproto3.NewBackend(conn, conn)
	for {
		message, err := backend.ReceiveStartupMessage()
		if err != nil {
			return
		}
		if _, asks := message.(*pgproto3.SSLRequest); asks {
			_, _ = conn.Write([]byte("N"))
			continue
		}
		backend.Send(refusal)
		_ = backend.Flush()
		return
	}
}

// What poolers and servers say, as they say it, and what a person is told.
var refusals = map[string]struct {
	state, message string
	final          bool
	want           string
}{
	"FM-020 circuit breaker":   {"XX000", "(ECIRCUITBREAKER) too many authentication failures for inav_app.canaryref", true, "each new try keeps it shut"},
	"FM-020 no tenant":         {"XX000", "Tenant or user not found", true, "write the user as user.project"},
	"FM-020 no such user":      {"XX000", "(ENOTFOUND) tenant/user inav_app.canaryref not found", true, "write the user as user.project"},
	"FM-020 no identifier":     {"XX000", "(ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)", true, "user.project"},
	"FM-020 SCRAM":             {"08P01", "SASL authentication failed", true, "check user and password"},
	"FM-020 password":          {"28P01", `password authentication failed for user "canaryref"`, true, "percent-encoded"},
	"FM-026 session pool full": {"XX000", "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15", false, "lower DATABASE_MAX_CONNS"},
	"FM-026 session clients":   {"XX000", "(EMAXCLIENTSESSION) max clients reached in session mode - max clients are limited to pool_size: 15", false, "pool size"},
	"FM-026 clients":           {"XX000", "(EMAXCONN) max client connections reached, limit: 200", false, "pool size"},
	"FM-026 pgbouncer clients": {"08P01", "no more connections allowed (max_client_conn)", false, "pool size"},
	"FM-026 checkout":          {"XX000", "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Session mode", false, "pool size"},
	"FM-026 server full":       {"53300", "sorry, too many clients already", false, "lower DATABASE_MAX_CONNS"},
	"L-004 TLS required":       {"XX000", "(ESSLREQUIRED) SSL connection is required for user: canaryref", true, "sslmode=verify-full"},
	"L-004 no plain":           {"28000", `no pg_hba.conf entry for host "192.0.2.1", user "canaryref", database "d", no encryption`, true, "sslmode=verify-full"},
	"L-004 starting":           {"57P03", "the database system is starting up", false, "not up yet"},
	"L-004 behind the pooler":  {"08P01", "server login has been failing, try again later (server_login_retry)", false, "not up yet"},
	"FM-043b another login":    {"42501", `permission denied to set role "inav_worker"`, true, "worker and webhook as inav_worker"},
	"FM-043b no role":          {"28000", `role "inav_app" does not exist`, true, "migration first"},
	"network restrictions":     {"XX000", "(EADDRNOTALLOWED) address not in tenant allow_list: {192, 0, 2, 1}", true, "network restrictions"},
	"no database":              {"3D000", `database "canaryref" does not exist`, true, "a hosted project's is postgres"},
	"parameter":                {"08P01", "unsupported startup parameter: search_path", true, "ignore_startup_parameters"},
	"unknown":                  {"XX001", "canaryref is odd", false, "SQLSTATE XX001"},
}

func TestFM020_FM026_EachRefusalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		address := refusing(t, c.state, c.message)
		_, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://inav_app.canaryref:canary-word@" + address + "/d?sslmode=prefer"})
		if err == nil || postgres.Final(err) != c.final || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: final %t: %v", name, postgres.Final(err), err)
			continue
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the login is told: %v", name, err)
		}
	}
}

func TestL004_AServerWithoutTLSSaysWhatToDo(t *testing.T) {
	t.Parallel()
	address := refusing(t, "XX000", "")
	_, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://u:canary@" + address + "/d?sslmode=require"})
	if err == nil || !postgres.Final(err) || !strings.Contains(err.Error(), "it speaks no TLS") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// The documentation's own IPv6 network, to which no way leads.
const ipv6Host = "2001:db8::5432"

// A host with IPv6 addresses alone, on a machine that has no way to them, is
// told from a server that is down.
func TestFM011_FM030_AHostWithIPv6AloneNamesThePooler(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second) // the bound that is promised
	defer cancel()
	lookup := func(answers ...string) func(context.Context, string) ([]string, error) {
		return func(context.Context, string) ([]string, error) { return answers, nil }
	}
	_, err := postgres.Open(ctx, postgres.Options{URL: "postgres://postgres:canary@db.abcdefghijklmnopqrst.supabase.co:5432/postgres?sslmode=require",
		Lookup: lookup(ipv6Host)})
	if err == nil || !postgres.Final(err) || !strings.Contains(err.Error(), ".pooler.supabase.com, port 5432") || strings.Contains(err.Error(), "canary") || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
	// Neither a server on this machine that is down, nor one with IPv4 as well.
	for _, answers := range [][]string{{"::1"}, {"127.0.0.1"}, {ipv6Host, "127.0.0.1"}} {
		_, err := postgres.Open(ctx, postgres.Options{URL: "postgres://u:p@db.internal:1/postgres?sslmode=disable", Lookup: lookup(answers...)})
		if err == nil || postgres.Final(err) || strings.Contains(err.Error(), "IPv6 addresses alone") {
			t.Errorf("%v: %v", answers, err)
		}
	}
}

func TestFM020_TheUsersFormIsHeldToTheHost(t *testing.T) {
	t.Parallel()
	const ref = "abcdefghijklmnopqrst"
	for address, want := range map[string]string{
		"inav_app." + ref + "@aws-0-eu-central-1.pooler.supabase.com:5432": "",
		"inav_app@aws-0-eu-central-1.pooler.supabase.com:6543":             "takes users as user.project",
		"inav_app@db." + ref + ".supabase.co:5432":                         "",
		"inav_app." + ref + "@db." + ref + ".supabase.co:6543":             "takes plain users",
		"inav_app@db.navigator-health.com:5432":                            "",
		"inav_app." + ref + "@db.navigator-health.com:5432":                "",
		"inav_app." + ref + "@[::1]:6543":                                  "",
	} {
		user, host, _ := strings.Cut(address, "@")
		place, err := postgres.ReadPlace("postgres://" + user + ":canary@" + host + "/postgres")
		if err != nil {
			t.Fatal(err)
		}
		if err = place.Check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		if form := map[bool]string{true: "user.project", false: "plain"}[strings.Contains(user, ".")]; place.UserForm() != form || place.User != "inav_app" {
			t.Errorf("%s: %+v is %s", address, place, place.UserForm())
		}
	}
}

// Supabase's pooler logs in with the part before the dot.
func TestFM020_APoolerIsAskedAsTheUserOfTheProject(t *testing.T) {
	t.Parallel()
	address, heard := greeted(t, "tcp4")
	_, err := postgres.Probe(t.Context(), postgres.Options{URL: "postgres://inav_app.abcdefghijklmnopqrst:p@" + address + "/postgres?sslmode=disable"})
	if err == nil || postgres.Final(err) {
		t.Errorf("a server that hangs up: %v", err)
	}
	for _, got := range heard() {
		if got.params["user"] != "inav_app.abcdefghijklmnopqrst" {
			t.Errorf("the user was sent as %q", got.params["user"])
		}
	}
}

func TestL004_ADatabaseThatIsDownIsNotFinal(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	bouncer := house.Bouncer("session", "inav_app")
	options := postgres.Options{URL: bouncer.URL("inav_app"), Role: "inav_app", Name: "test", MaxConns: 1}
	bouncer.Stop()
	if _, err := postgres.Open(t.Context(), options); err == nil || postgres.Final(err) || !strings.Contains(err.Error(), "nothing listens there") {
		t.Errorf("down: %v", err)
	}
	bouncer.Start()
	pool, err := postgres.Open(t.Context(), options)
	if err != nil {
		t.Fatalf("up again: %v", err)
	}
	pool.Close()
}

// A session pooler whose connections are all taken is waited for.
func TestFM026_ASessionPoolerWithoutRoomSaysSo(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	options := postgres.Options{URL: house.Bouncer("session", "inav_app").URL("inav_app"), Role: "inav_app", Name: "test", MaxConns: 1}
	first, err := postgres.Open(t.Context(), options) // keeps one of the two
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = postgres.Open(t.Context(), options)
	if err == nil || postgres.Final(err) || !strings.Contains(err.Error(), "no second connection free: raise the pooler's pool size") {
		t.Errorf("got %v", err)
	}
}
