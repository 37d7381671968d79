package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/dev"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// Local checks whether the services can run on this machine: the environment's
// settings for a service, the database, all that lies outside, the PDF reader,
// the ports. dir is the working directory.
func Local(ctx context.Context, environ []string, service boot.Service, dir string) []Check {
	return look{environ: environ, service: service, dir: dir, way: open()}.all(ctx)
}

// Preflight is Local in a task of a release that is to come: its migration has
// not run, nobody answers for it yet, and its ports are a machine's of its own.
func Preflight(ctx context.Context, environ []string, service boot.Service) []Check {
	return look{environ: environ, service: service, way: open(), early: true}.all(ctx)
}

// look is one look at what a service needs.
type look struct {
	environ []string
	config  boot.Config
	service boot.Service
	dir     string // the working directory
	way     way
	early   bool // before the release
}

func (l look) all(ctx context.Context) []Check {
	var err error
	l.config, err = boot.Read(l.environ)
	if l.service == boot.Dev {
		if l.config, err = dev.Assume(l.config, err); err != nil {
			return []Check{settings(l.service, err)}
		}
	}
	checks := append([]Check{settings(l.service, errors.Join(err, l.config.Check(l.service)))}, l.database(ctx)...)
	if l.service == boot.Migrate {
		return checks
	}
	checks = append(checks, l.outside(ctx)...)
	if l.early {
		return checks
	}
	if l.does(boot.API) {
		checks = append(checks, listens(ctx, l.config, "PORT", l.config.Port))
	}
	if l.does(boot.Webhook) {
		checks = append(checks, listens(ctx, l.config, "WEBHOOK_PORT", l.config.WebhookPort))
	}
	return checks
}

// does reports whether the service, or dev, is looked at.
func (l look) does(service boot.Service) bool { return l.service == service || l.service == boot.Dev }

// outside is what the service calls beside the database, and what calls it.
func (l look) outside(ctx context.Context) (checks []Check) {
	if l.service != boot.Webhook {
		checks = append(checks, reader(l.environ, l.config), l.storage(ctx))
		checks = append(checks, l.embedder(ctx)...)
	}
	if l.does(boot.Worker) {
		checks = append(checks, parser(ctx, l.environ, l.config)...)
		checks = append(checks, scanner(ctx, l.config))
	}
	if l.does(boot.API) {
		checks = append(checks, l.accounts(ctx)...)
	}
	if l.does(boot.API) || l.service == boot.Worker && l.config.StatusLife > 0 {
		checks = append(checks, shared(ctx, l.config))
	}
	if l.does(boot.API) {
		checks = append(checks, l.replica(ctx))
	}
	if l.service != boot.API {
		checks = append(checks, l.callback(ctx))
	}
	return append(checks, l.asked(ctx, lokiOption), l.traces(ctx), l.asked(ctx, agentOption), l.asked(ctx, proberOption))
}

// settings names every fault; values are never part of one.
func settings(service boot.Service, err error) Check {
	if err == nil {
		return good("settings", "right for "+string(service))
	}
	return bad("settings", strings.ReplaceAll(err.Error(), "\n", "; "), "Set them in the environment: navigator config lists each with its meaning.")
}

func given(environ []string, name string) bool {
	for _, pair := range environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok && value != "" {
			return true
		}
		if value, ok := strings.CutPrefix(pair, name+"_FILE="); ok && value != "" {
			return true
		}
	}
	return false
}

// program looks for a PostgreSQL that dev can start. Nothing is installed.
func program(ctx context.Context, dir string) Check {
	found, err := pgserver.Find(ctx, pgserver.Options{Dir: filepath.Join(dir, ".local", "pg"), AllowDocker: true})
	if err != nil {
		return warning("database", "no PostgreSQL 15 or newer with pgvector is on this machine", "make dev installs it where that is possible, and says what to type where it is not.")
	}
	where := found.BinDir
	if where == "" {
		where = found.Image
	}
	return good("database", fmt.Sprintf("PostgreSQL %d with pgvector %s: %s", found.Major, found.Vector, where))
}

// module is how a WebAssembly module begins.
const module = "\x00asm\x01\x00\x00\x00"

// reader looks for the PDF reader, and whether it is a module at all.
func reader(environ []string, config boot.Config) Check {
	const name, advice = "PDF reader", "Fetch it: make pdfium, or set PDFIUM_WASM to where it is."
	path := config.PDFium
	if path == "" && !given(environ, "PDFIUM_WASM") {
		path = pdftext.DefaultPath()
	}
	file, err := os.Open(path) //nolint:gosec // of the service's own settings
	if err != nil {
		return bad(name, "it is not at "+path, advice)
	}
	defer file.Close() //nolint:errcheck // only read
	begins := make([]byte, len(module))
	if _, err := io.ReadFull(file, begins); err != nil || string(begins) != module {
		return bad(name, path+" is no WebAssembly module: no PDF could be read by it", advice)
	}
	return good(name, path)
}

// shared asks the Redis that request rates are counted and statuses kept in.
// Without it the rates are held all the same, by each process, and statuses are
// read from the database.
func shared(ctx context.Context, config boot.Config) Check {
	const name = "redis"
	if !config.RedisURL.Set() {
		return skipped(name, "REDIS_URL is not set: each process of the API counts requests for itself")
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	kept, meanwhile := "", ""
	if config.StatusLife > 0 {
		kept, meanwhile = ", and statuses are kept there", ", and statuses are read from the database"
	}
	if err := config.PingRedis(ctx); err != nil {
		return warning(name, "it does not answer, or does not take the password; each process counts requests for itself meanwhile"+meanwhile,
			"Check REDIS_URL: rediss:// where it speaks TLS, the password, and that this machine may reach it.")
	}
	return good(name, "it answers: request rates are counted over all processes"+kept)
}

// listens tries a port: it is free, or the service of ours that has it answers.
func listens(ctx context.Context, config boot.Config, name string, number int) Check {
	title := "port " + strconv.Itoa(number)
	host := config.ListenHost
	if host == "" && config.Mode == boot.Development {
		host = "127.0.0.1"
	}
	at := net.JoinHostPort(host, strconv.Itoa(number))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err == nil {
		_ = listener.Close()
		return good(title, name+" is free")
	}
	if alive(ctx, number) {
		return good(title, name+" is used by the service itself, which runs")
	}
	return bad(title, name+" is used by another program, or may not be used", "Stop that program, or set "+name+".")
}

// alive asks whether it is our service that has the port.
func alive(ctx context.Context, number int) bool {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", strconv.Itoa(number))+"/livez", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close() //nolint:errcheck // only its head counts
	return answer.StatusCode == http.StatusOK && answer.Header.Get("X-Request-Id") != ""
}
