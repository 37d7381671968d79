package place

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

// Services are the programs of a place, in the order of their start.
var Services = []string{"api", "webhook", "worker"}

// Options say what a place is like.
type Options struct {
	Bin         string            // folder of the services' programs
	Dir         string            // folder for files and spool
	Parse       time.Duration     // the parser takes so long for a document
	Embed       time.Duration     // the embedder takes so long for a request
	Env         map[string]string // settings over the place's own, for every service alike
	MemoryBytes int64             // the most the API may use; 0: no bound
	Log         io.Writer         // gets the services' logs; nil for nobody
}

// Place is all of the product on one machine. Close ends it.
type Place struct {
	options Options
	db      Database
	llama   *llamaparsetest.Server
	openai  *openaitest.Server
	postbox *postbox
	servers []*http.Server
	serving sync.WaitGroup
	env     map[string]string

	mu       sync.Mutex // guards running and every change of it
	running  map[string]*Process
	admin    map[string]string // addresses of the operators' ports
	API      string            // base addresses
	Webhook  string
	heldByGo bool // the memory's bound is GOMEMLIMIT, for no control group was to be had
}

// Open starts the outside and every service.
func Open(ctx context.Context, db Database, o Options) (*Place, error) {
	p := &Place{options: o, db: db, postbox: newPostbox(), running: map[string]*Process{}, admin: map[string]string{}}
	if err := p.outside(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for _, name := range Services {
		if err := p.Start(ctx, name); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// outside starts the fakes and decides the settings.
func (p *Place) outside() error {
	pem, err := localauth.GenerateKey()
	if err != nil {
		return err
	}
	p.llama = llamaparsetest.New(llamaparsetest.Options{Extractor: Material{}, Key: "llx-load", AllowLoopback: true, Delay: p.options.Parse, Rates: map[string]llamaparsetest.Rate{}})
	if p.openai, err = p.embedder(); err != nil {
		return err
	}
	if p.options.Embed > 0 {
		p.openai.Inject(openaitest.Fault{Kind: openaitest.Slow, Times: -1, Delay: p.options.Embed})
	}
	storage, err := supabasetest.New(supabasetest.Options{Dir: filepath.Join(p.options.Dir, "storage")})
	if err != nil {
		return err
	}
	ports, err := FreePorts(2)
	if err != nil {
		return err
	}
	p.Webhook = "http://127.0.0.1:" + ports[1]
	p.postbox.webhook = p.Webhook
	p.env = map[string]string{
		"SERVICE_MODE": "development", "PORT": ports[0], "WEBHOOK_PORT": ports[1], "WORKER_PORT": "0", "ADMIN_PORT": "0",
		"WEBHOOK_MASTER_KEY": rand.Text() + rand.Text(), "AUTH_SIGNING_KEY": pem, "AUTH_ACCESS_TTL": "24h", "SPOOL_DIR": filepath.Join(p.options.Dir, "spool"),
		"LLAMAPARSE_API_KEY": "llx-load", "OPENAI_API_KEY": "sk-load", "SUPABASE_SERVICE_ROLE_KEY": supabasetest.DefaultSecretKey,
		"RATE_FACTOR": "1000", "UPLOADS_PER_DAY": "0", // a few users send it all; the API's log says that they are raised
		"PDFIUM_WASM": pdftext.DefaultPath(), "LLAMAPARSE_SUBMITS_PER_SECOND": "0", "LLAMAPARSE_MAX_JOBS": "0",
		"OPENAI_REQUESTS_PER_MINUTE": "0", "OPENAI_TOKENS_PER_MINUTE": "0", "SOFT_STOP_TIMEOUT": "5s",
	}
	for name, handler := range map[string]http.Handler{"WEBHOOK_URL": p.postbox, "LLAMAPARSE_API_URL": p.llama, "OPENAI_API_URL": p.openai, "SUPABASE_URL": storage} {
		if p.env[name], err = p.serve(handler); err != nil {
			return err
		}
	}
	p.env["OPENAI_API_URL"] += "/v1"
	maps.Copy(p.env, p.options.Env)
	return nil
}

// embedder is one that limits what the services are told to expect of it. Where
// they expect no limit it shows none either: they would keep to what it shows.
func (p *Place) embedder() (*openaitest.Server, error) {
	o := openaitest.Options{Counter: QuarterCounter{}, Key: "sk-load", Blind: true}
	o.RPM, _ = strconv.Atoi(p.options.Env["OPENAI_REQUESTS_PER_MINUTE"]) // the services refuse what is no number
	o.TPM, _ = strconv.Atoi(p.options.Env["OPENAI_TOKENS_PER_MINUTE"])   // likewise
	o.NoRates = o.RPM == 0 && o.TPM == 0
	return openaitest.New(o)
}

// serve gives a handler a port of this machine until the place is closed.
func (p *Place) serve(h http.Handler) (string, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // binding a loopback port does not wait
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	p.servers = append(p.servers, server)
	p.serving.Go(func() { _ = server.Serve(listener) }) // it ends by being closed
	return "http://" + listener.Addr().String(), nil
}

// FreePorts are ports of this machine that nobody listens on now.
func FreePorts(n int) (ports []string, err error) {
	for range n {
		listener, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // binding a loopback port does not wait
		if err != nil {
			return nil, err
		}
		defer listener.Close() //nolint:errcheck // nothing came in
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		ports = append(ports, port)
	}
	return ports, nil
}

// Start starts a service that does not run.
func (p *Place) Start(ctx context.Context, name string) error {
	if !slices.Contains(Services, name) {
		return fmt.Errorf("there is no service %q: there are %v", name, Services)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if running := p.running[name]; running != nil && running.Alive() {
		return nil
	}
	program := Program{Name: name, Path: filepath.Join(p.options.Bin, name), Env: p.environ(name), Log: p.options.Log}
	if name == "api" {
		program.MemoryBytes = p.options.MemoryBytes
	}
	process, ready, err := Start(ctx, program)
	if err != nil {
		return err
	}
	p.running[name], p.admin[name] = process, ready.Admin
	p.heldByGo = p.heldByGo || program.MemoryBytes > 0 && process.MemoryHeldBy() == ""
	if ready.API != "" {
		p.API = ready.API
	}
	return nil
}

// environ is a service's environment.
func (p *Place) environ(name string) []string {
	role := "inav_worker"
	if name == "api" {
		role = "inav_app"
	}
	env := []string{"DATABASE_URL=" + p.db.URL(role)}
	for _, key := range slices.Sorted(maps.Keys(p.env)) {
		env = append(env, key+"="+p.env[key])
	}
	if name == "api" && p.options.MemoryBytes > 0 {
		// The runtime is told nine tenths of the bound, as deployments tell it.
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%dMiB", p.options.MemoryBytes*9/10/MiB))
	}
	return env
}

// Stop ends a service in order.
func (p *Place) Stop(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if process := p.running[name]; process != nil {
		return process.Stop()
	}
	return fmt.Errorf("there is no service %q: there are %v", name, Services)
}

// Kill ends a service at once.
func (p *Place) Kill(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if process := p.running[name]; process != nil {
		process.Kill()
		return nil
	}
	return fmt.Errorf("there is no service %q: there are %v", name, Services)
}

// MemoryHeldBy names what holds the API to its memory: cgroup, GOMEMLIMIT (the
// runtime alone, where no control group is to be had), or nothing.
func (p *Place) MemoryHeldBy() string {
	switch {
	case p.options.MemoryBytes <= 0:
		return ""
	case p.heldByGo:
		return "GOMEMLIMIT"
	}
	return "cgroup"
}

// Close stops every service in order, and the outside after them.
func (p *Place) Close() error {
	var errs []error
	for _, name := range slices.Backward(Services) {
		if p.running[name] != nil {
			errs = append(errs, p.Stop(name))
		}
	}
	if p.llama != nil {
		p.llama.Close()
	}
	for _, server := range p.servers {
		errs = append(errs, server.Close())
	}
	p.serving.Wait()
	return errors.Join(errs...)
}
