package faulttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db/pgserver"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// siege is a bed whose programs are watched.
type siege struct {
	*bed
	ears  ears
	ports map[string]string // of operators, by the program's name

	parser atomic.Int32 // what the parser answers in place of its own; 0: its own
	deaf   atomic.Bool  // callbacks are lost
	logs   atomic.Int32 // what the place for logs answers; 0: its own

	manager int  // the Alertmanager's port
	loki    bool // the place for logs is a real Loki
}

// gate serves in front of another server, unless it is told to answer itself.
func (w *world) gate(behind string, instead func() int) string {
	w.t.Helper()
	target, err := url.Parse(behind)
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) },
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }}
	return w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch status := instead(); status {
		case 0:
			proxy.ServeHTTP(rw, r)
		case http.StatusOK:
			rw.WriteHeader(status)
		default:
			rw.Header().Set("Retry-After", "1")
			refuse(rw, status)
		}
	}))
}

// newSiege runs the services, each with an operators' port, and a person who
// reads all the while.
func newSiege(ctx context.Context, t *testing.T) *siege {
	t.Helper()
	db := newCluster(t)
	s := &siege{bed: &bed{world: newWorld(t, db), cluster: db, diary: &diary{}}, ports: map[string]string{}}
	s.watch.fire = func(string) {}
	s.addresses["llamaparse"] = s.gate(s.addresses["llamaparse"], func() int { return int(s.parser.Load()) })
	s.callback = s.gate(s.callback, func() int {
		if s.deaf.Load() {
			return http.StatusOK
		}
		return 0
	})
	s.extra = map[string]string{"BREAKER_REST": "2s", "DATABASE_MAX_CONNS": "5", "UPLOAD_PIPELINE_ENVIRONMENT": prometheus.Example().Env, "LOKI_URL": s.logged(ctx)}
	for _, name := range []string{"api", "webhook", worker(0)} {
		s.ports[name] = freePort(t)
		s.begin(name)
	}
	var err error
	if s.person, err = s.signUp(ctx, "ada", s.diary); err != nil {
		t.Fatal(err)
	}
	s.person.lease = func(ctx context.Context) error { return s.expireLeases(ctx, 0) }
	s.reads(ctx)
	return s
}

// logged is where lines go: Loki with its own alerts, and where it was not built
// a server that takes all.
func (s *siege) logged(ctx context.Context) string {
	s.t.Helper()
	port := freePort(s.t)
	rules, err := hurriedLoki()
	if err == nil {
		s.manager, err = strconv.Atoi(port)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	place := loki(ctx, s.t, rules, "http://127.0.0.1:"+port)
	if s.loki = place != ""; !s.loki {
		place = s.serve(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) }))
	}
	return s.gate(place, func() int { return int(s.logs.Load()) })
}

// begin starts a program at its operators' port.
func (s *siege) begin(name string) *process {
	s.extra["ADMIN_PORT"] = s.ports[name]
	service := name
	if name == worker(0) {
		service = "worker"
	}
	return s.run(service, name)
}

// reads has the person read until the test ends: a share of errors needs
// requests.
func (s *siege) reads(ctx context.Context) {
	end := s.while(ctx, func(ctx context.Context) {
		_, _ = s.person.send(ctx, http.MethodGet, "/documents", nil, nil) // whatever it answers
	})
	s.t.Cleanup(func() { _ = end() }) // it gives no error
}

// alarms are the faults, each with what has to be heard.
func (s *siege) alarms() []alarm {
	return []alarm{
		{"forged calls", "WebhookSignatureFailures", "", []string{"security", "pager"}, s.forge},
		{"lost webhooks", "WebhookCallbacksMissing", "", []string{"chat"}, s.lose},
		{"429 at the provider", "ExternalApiRateLimited", "", []string{"chat"}, s.answers(http.StatusTooManyRequests)},
		{"5xx at the provider", "ExternalApiDown", "", []string{"rollback", "pager"}, s.answers(http.StatusServiceUnavailable)},
		{"no place for logs", "LogsDropped", "api", []string{"chat"}, s.unlogged},
		{"pool exhausted", "DbPoolExhausted", "api", []string{"pager"}, s.exhaust},
		{"writes refused", "RollbackErrorRate", "api", []string{"rollback", "pager"}, s.refuseWrites},
		{"no seal on the audit", "AuditLogFailing", "", []string{"security", "pager"}, s.unsealed},
		{"worker stopped", "ServiceDown", "worker", []string{"rollback", "pager"}, s.stopWorker},
		{"database stopped", "DatabaseDown", "api", []string{"rollback", "pager"}, s.stopDatabase},
	}
}

// while does something again and again until it is mended.
func (s *siege) while(ctx context.Context, each func(context.Context)) (mend func() error) {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			each(ctx)
			if !pause(ctx, retryWait) {
				return
			}
		}
	})
	return func() error {
		stop()
		all.Wait()
		return nil
	}
}

// forge sends callbacks that nobody signed.
func (s *siege) forge(ctx context.Context) (func() error, error) {
	target := s.callbacks.Load()
	if target == nil {
		return nil, errors.New("the webhook listens nowhere")
	}
	address := target.String() + "/webhook/llamaparse/0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"
	return s.while(ctx, func(ctx context.Context) {
		body := []byte(`{"event_id": "e", "event_type": "parse.success", "job_id": "pjb-1"}`)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err == nil {
			request.Header.Set("Content-Type", "application/json")
			_, _ = answered(request) // 401 is what it should answer
		}
	}), nil
}

// most is how many documents one fault has uploaded: enough for every threshold.
const most = 16

// sends uploads new documents until it is mended, or there are enough.
func (s *siege) sends(ctx context.Context) func() error {
	sent := 0
	return s.while(ctx, func(ctx context.Context) {
		if sent++; sent > most {
			return
		}
		s.papers++
		_, _ = s.person.upload(ctx, corpus.Filler(1, s.papers).Bytes) // promised or not: the fault is elsewhere
	})
}

// lose loses the callbacks of what is uploaded: the results are found by asking.
func (s *siege) lose(ctx context.Context) (func() error, error) {
	s.deaf.Store(true)
	end := s.sends(ctx)
	return func() error {
		s.deaf.Store(false)
		return end()
	}, nil
}

// answers has the parser answer nothing else.
func (s *siege) answers(status int32) func(context.Context) (func() error, error) {
	return func(ctx context.Context) (func() error, error) {
		s.parser.Store(status)
		end := s.sends(ctx)
		return func() error {
			s.parser.Store(0)
			return end()
		}, nil
	}
}

// unlogged has the place for logs refuse every line, while requests are answered.
func (s *siege) unlogged(context.Context) (func() error, error) {
	s.logs.Store(http.StatusServiceUnavailable)
	return func() error {
		s.logs.Store(0)
		return nil
	}, nil
}

// unsealed takes away the table that every seal writes: Loki alone tells of it,
// by the lines.
func (s *siege) unsealed(ctx context.Context) (func() error, error) {
	rename := func(ctx context.Context, from, to string) error {
		return s.super(ctx, func(conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, `alter table upload_pipeline.`+from+` rename to `+to)
			return err
		})
	}
	return func() error { return rename(context.WithoutCancel(ctx), "audit_head_away", "audit_head") }, rename(ctx, "audit_head", "audit_head_away")
}

// exhaust holds every connection of the API behind a lock.
func (s *siege) exhaust(ctx context.Context) (func() error, error) {
	conn, err := pgx.Connect(ctx, s.db.SuperURL())
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `begin; lock table upload_pipeline.documents in access exclusive mode`); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	held, letGo := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for range 20 {
		readers.Go(func() {
			for held.Err() == nil {
				_, _ = s.person.send(held, http.MethodGet, "/documents", nil, nil) // it waits for the lock
			}
		})
	}
	return func() error {
		letGo()
		_, err := conn.Exec(context.WithoutCancel(ctx), `rollback`)
		readers.Wait()
		return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}, nil
}

// refuseWrites has the database refuse each upload for want of room.
func (s *siege) refuseWrites(ctx context.Context) (func() error, error) {
	begun, mended, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.raised(ctx, `raise exception 'a fault of the test' using errcode = '53100';`, func(ctx context.Context) error {
			end := s.while(ctx, func(ctx context.Context) {
				s.papers++
				_, _ = s.person.post(ctx, fmt.Sprintf("%08d-7c3a-4d52-9f6e-2b1a0c9d8e7f", s.papers), corpus.Filler(1, s.papers).Bytes) // 503
			})
			close(begun)
			<-mended
			return end()
		})
	}()
	select {
	case <-begun:
	case err := <-done:
		return nil, err
	}
	return func() error {
		close(mended)
		return <-done
	}, nil
}

// stopWorker stops the one worker in order.
func (s *siege) stopWorker(context.Context) (func() error, error) {
	p := s.process(worker(0))
	if err := p.stop(); err != nil {
		return nil, err
	}
	return func() error {
		s.mu.Lock()
		s.processes = s.processes[:len(s.processes)-1] // the worker is the last
		s.mu.Unlock()
		s.begin(worker(0))
		return nil
	}, nil
}

// stopDatabase stops the server.
func (s *siege) stopDatabase(ctx context.Context) (func() error, error) {
	if _, err := pgserver.StopAt(ctx, pgserver.Options{Dir: s.cluster.dir}); err != nil {
		return nil, err
	}
	return func() error {
		err := s.cluster.start(context.WithoutCancel(ctx))
		s.retarget(s.cluster.host())
		return err
	}, nil
}
