package boot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

var poolModes = []string{"direct", "session", "transaction"}

// reached is the world's addresses in each mode, for API and worker.
func (w *world) reached() map[string][2]boot.Secret {
	w.t.Helper()
	all := map[string][2]boot.Secret{"direct": {w.config.DatabaseURL, w.config.WorkerDatabaseURL}}
	for _, mode := range poolModes[1:] {
		b := w.db.Bouncer(mode, "inav_app", "inav_worker")
		all[mode] = [2]boot.Secret{boot.Secret(b.URL("inav_app")), boot.Secret(b.URL("inav_worker"))}
	}
	return all
}

// Right settings start; wrong ones are refused, by every service, with the
// setting and the place in the text.
func TestFM020_FM026_TheExpectedModeStartsAndAnotherIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.MaxConns, w.config.AllowPollOnly = 1, true
	w.config.WebhookMode = "poll"
	for found, addresses := range w.reached() {
		w.config.DatabaseURL, w.config.WorkerDatabaseURL = addresses[0], addresses[1]
		for _, expected := range append(poolModes, "") {
			w.config.PoolMode = expected
			for _, service := range []boot.Service{boot.API, boot.Worker, boot.Webhook} {
				if expected == found || expected == "" {
					w.start(service)
					w.halt()
					continue
				}
				if text := w.refused(service); !strings.Contains(text, "DATABASE_POOL_MODE is "+expected) || !strings.Contains(text, "set DATABASE_POOL_MODE="+found) {
					t.Errorf("%s expects %s where %s is: %s", service, expected, found, text)
				}
			}
		}
	}
}

// A worker that nobody could wake is refused, whatever the port is; allowed, it
// polls. The other services need no waking.
func TestP010_AWorkerWithoutLISTENIsRefusedUnlessItMayPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.through("transaction")
	w.config.PoolMode = ""
	for _, service := range []boot.Service{boot.Worker, boot.Dev} {
		if text := w.refused(service); !strings.Contains(text, "set ALLOW_POLL_ONLY=true") || !strings.Contains(text, "WORKER_DATABASE_URL") {
			t.Errorf("%s: %s", service, text)
		}
	}
	w.start(boot.API)
	w.start(boot.Webhook)
	w.config.AllowPollOnly = true
	w.start(boot.Worker)
	ada := w.person("ada")
	ada.completes(ada.taken("card.pdf", corpus.MemberCard().Bytes))
}

// The start report tells what was found.
func TestFM020_TheStartReportTellsWhatWasFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.through("transaction")
	w.start(boot.API)
	for _, part := range []string{`"msg":"database"`, `"host":"127.0.0.1"`, `"user_form":"plain"`, `"pool_mode":"transaction"`, `"network":"IPv4"`,
		`"tls":"none"`, `"login":"inav_app"`, `"role":"inav_app"`, `"schema":`, `"connections":8`} {
		if !strings.Contains(w.logs.String(), part) {
			t.Errorf("the report lacks %s", part)
		}
	}
}

// A migration needs a session: a pooler in session mode gives one, in
// transaction mode it is refused before anything is touched.
func TestFM026_AMigrationThroughATransactionPoolerIsRefused(t *testing.T) {
	t.Parallel()
	empty := dbtest.New(t, nil)
	for _, way := range [][2]string{{"transaction", "set MIGRATE_DATABASE_URL to the session pooler"}, {"session", ""}} {
		mode, want := way[0], way[1]
		environ := []string{"MIGRATE_DATABASE_URL=" + empty.Bouncer(mode).OwnerURL()}
		var out bytes.Buffer
		err := boot.MigrateFrom(t.Context(), environ, &out, boot.Indexes{})
		if (err == nil) != (want == "") || err != nil && !(errors.Is(err, postgres.ErrNoSession) && strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", mode, err)
		}
		var there bool
		if err := empty.SuperConn().QueryRow(t.Context(), `select to_regnamespace('upload_pipeline') is not null`).Scan(&there); err != nil || there != (want == "") {
			t.Errorf("%s: the schema is there: %t (%v)", mode, there, err)
		}
	}
}

// fixed chooses a port for the API, which is asked before it is ready.
func (w *world) fixed() {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.config.Port = listener.Addr().(*net.TCPAddr).Port
	w.api = "http://127.0.0.1:" + strconv.Itoa(w.config.Port)
	_ = listener.Close()
}

// ready asks the API whether it is; 0 is no answer at all.
func (w *world) ready() int {
	response, err := http.Get(w.api + "/readyz")
	if err != nil {
		return 0
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// The database is down at the start: alive and not ready. It comes up: ready,
// and it is the same process.
func TestL004_ADatabaseThatComesUpLaterIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.through("session")
	b.Stop()
	w.fixed()
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- boot.Run(ctx, w.config, boot.API, slog.New(slog.NewJSONHandler(w.logs, nil)), nil) }()
	w.stop = func() error { cancel(); return <-ended }
	w.until("a first try to have failed", func() bool { return strings.Contains(w.logs.String(), "the database does not answer yet") })
	if status := w.ready(); status != http.StatusServiceUnavailable {
		t.Errorf("without a database the readiness is %d", status)
	}
	b.Start()
	w.until("the API to be ready", func() bool { return w.ready() == http.StatusOK })
	w.person("ada")
}

// bell calls back when a line holds a text.
type bell struct {
	text string
	then func()
}

func (l bell) Write(line []byte) (int, error) {
	if strings.Contains(string(line), l.text) {
		l.then()
	}
	return len(line), nil
}

// A process that is asked to stop while it waits for its database ends as any
// other stop does.
func TestFM039_AStopDuringTheStartIsOrderly(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	b, config := house.Bouncer("session", "inav_worker"), peer(t, house)
	config.DatabaseURL = boot.Secret(b.URL("inav_worker"))
	b.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	log := slog.New(slog.NewJSONHandler(bell{"the database does not answer yet", cancel}, nil))
	if err := boot.Run(ctx, config, boot.Webhook, log, func(boot.Addresses) { t.Error("it is ready without a database") }); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// The pooler is restarted under work: what was cut off is tried again, every
// document completes, once, and no process was started anew.
func TestP010_APoolerThatRestartsLosesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range poolModes[1:] {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.through(mode)
			w.config.AllowPollOnly, w.config.MaxConns = true, 1
			w.config.WebhookMode, w.config.ParsePolls = "poll", append(w.config.ParsePolls[:0:0], w.config.ReconcileEvery)
			// A job whose end could not be written, the pooler being away, is rescued when
			// its stage's time is over, or sooner where its fetch's answer was cut off.
			for _, stage := range []*boot.StageConfig{&w.config.Parse, &w.config.Receive, &w.config.Validate, &w.config.Chunk, &w.config.Embed, &w.config.Finish} {
				stage.Timeout = patience / 4
			}
			w.config.DeadAfter = patience / 4
			w.start(boot.API)
			w.start(boot.Worker)
			ada := w.person("ada")
			w.llama.Faults.Hold()
			var ids []string
			for i := range 6 {
				ids = append(ids, ada.taken("paper.pdf", corpus.Filler(2, uint64(i)).Bytes))
			}
			w.until("the parser to hold one", func() bool { _, s := ada.status(ids[0]); return s.Status == core.ParseQueued })
			b.Stop()
			if status, _ := ada.status(ids[0]); status != http.StatusServiceUnavailable {
				t.Errorf("without a pooler the status answered %d", status)
			}
			w.llama.Faults.Release()
			b.Start()
			w.until("the API to answer again", func() bool { status, _ := ada.status(ids[0]); return status == http.StatusOK })
			for _, id := range ids {
				ada.completes(id)
			}
			w.oneOfEach(len(ids))
		})
	}
}

// lonelyHost, if it is set, makes this program one of the services on a machine
// whose every name leads to an IPv6 address alone.
const lonelyHost = "NAVIGATOR_TEST_IPV6_ALONE"

func init() {
	if address := os.Getenv(lonelyHost); address != "" {
		net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}}
		service := boot.Service(os.Getenv("NAVIGATOR_TEST_ALONE"))
		if service != boot.Migrate {
			os.Exit(boot.Main(service))
		}
		fmt.Println(boot.MigrateFrom(context.Background(), os.Environ(), io.Discard, boot.Indexes{}))
		os.Exit(1)
	}
}

// names answers every question for an IPv6 address, and says of IPv4 that
// there is none.
func names(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer, err := named(buffer[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func named(question []byte) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(question); err != nil || len(message.Questions) == 0 {
		return nil, errors.Join(err, errors.New("no question"))
	}
	asked := message.Questions[0]
	message.Header.Response, message.Additionals = true, nil
	if asked.Type == dnsmessage.TypeAAAA {
		message.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: asked.Name, Class: asked.Class, Type: asked.Type, TTL: 1},
			Body: &dnsmessage.AAAAResource{AAAA: [16]byte(net.ParseIP("2001:db8::1"))}}}
	}
	return message.Pack()
}

// Every service ends by itself within the promised time, and says what to use.
func TestFM011_FM030_AServiceOnAMachineWithoutIPv6EndsAndNamesThePooler(t *testing.T) {
	t.Parallel()
	resolver := names(t)
	for _, service := range []boot.Service{boot.API, boot.Worker, boot.Webhook, boot.Migrate} {
		t.Run(string(service), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.damages() // no service of it ever started: there is no storage to look at
			w.config.DatabaseURL = "postgres://inav_app:canary-word@db.abcdefghijklmnopqrst.supabase.co:5432/postgres?sslmode=require"
			w.config.WorkerDatabaseURL = w.config.DatabaseURL
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0]) //nolint:gosec // this very program
			cmd.Env = append(w.environ(), lonelyHost+"="+resolver, "NAVIGATOR_TEST_ALONE="+string(service), "WEBHOOK_PORT=0")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || ctx.Err() != nil {
				t.Fatalf("it ended with %v:\n%s", err, out)
			}
			if text := string(out); !strings.Contains(text, "IPv6 addresses alone") || !strings.Contains(text, ".pooler.supabase.com, port 5432") || strings.Contains(text, "canary") {
				t.Errorf("it said:\n%s", text)
			}
		})
	}
}
