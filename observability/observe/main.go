// Command observe runs what watches beside make dev, on loopback: Prometheus,
// Alertmanager, the blackbox prober and the exporters that are installed. It
// prints each alert that the Alertmanager sends, and runs until it is
// interrupted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"github.com/insurance-navigator/navigator/observability/alertmanager"
	"github.com/insurance-navigator/navigator/observability/prometheus"
	"github.com/insurance-navigator/navigator/observability/stack"
)

func main() {
	o := options{}
	flag.StringVar(&o.dir, "dir", filepath.Join(".local", "observe"), "private folder for data and configuration")
	flag.StringVar(&o.admin, "admin", "127.0.0.1:6060", "the operators' port of make dev: ADMIN_PORT=6060 make dev")
	flag.StringVar(&o.api, "api", "http://127.0.0.1:8000", "the API, which is probed from outside")
	flag.StringVar(&o.postgres, "postgres", "", "postgres:// address for the exporter; empty: none")
	flag.StringVar(&o.redis, "redis", "", "redis:// address for the exporter; empty: none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "observe:", err)
		os.Exit(1)
	}
}

type options struct{ dir, admin, api, postgres, redis string }

func (o options) run(ctx context.Context, out io.Writer) error {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	pages := &http.Server{Handler: doors(out), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- pages.Serve(listener) }()
	defer pages.Close() //nolint:errcheck // nothing is pending
	here := "http://" + listener.Addr().String()
	tree, err := alertmanager.Local(here + "/alerts")
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{
		Dir: dir, Scrape: 5 * time.Second, Targets: stack.OneProcess(o.admin), Probes: []string{o.api + "/health"}, Tree: tree,
		Settings: prometheus.Settings{Env: "development", Runbooks: here + "/runbooks", Dashboards: "http://127.0.0.1:3000"},
		Ports:    stack.Ports{Prometheus: 9090, Alertmanager: 9093, Blackbox: 9115, Node: 9100, Postgres: 9187, Redis: 9121},
		Postgres: o.postgres, Redis: o.redis, Node: true,
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "prometheus    %s/alerts\nalertmanager  %s\nwatched       http://%s/metrics (ADMIN_PORT=6060 make dev)\n", s.Prometheus, s.Alertmanager, o.admin)
	if len(s.Missing) > 0 {
		_, _ = fmt.Fprintf(out, "not installed apt-get install -y --no-install-recommends %s\n", stack.Names(s.Missing))
	}
	select {
	case <-ctx.Done():
		err = nil
	case err = <-served:
	}
	return errors.Join(err, s.Stop())
}

// doors take the Alertmanager's messages, and serve the runbooks.
func doors(out io.Writer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /runbooks/", http.StripPrefix("/runbooks/", http.FileServer(http.Dir(filepath.Join("docs", "runbooks")))))
	mux.HandleFunc("POST /alerts/{receiver}", func(rw http.ResponseWriter, r *http.Request) {
		var message struct {
			Alerts []struct {
				Status      string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
		if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<20)).Decode(&message); err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, a := range message.Alerts {
			if a.Labels["alertname"] != "Watchdog" { // which comes every minute, as it should
				_, _ = fmt.Fprintf(out, "%s %-8s %-9s %s: %s (%s)\n", time.Now().Format(time.TimeOnly), a.Status, r.PathValue("receiver"),
					a.Labels["alertname"], a.Annotations["summary"], path.Base(a.Annotations["runbook_url"]))
			}
		}
	})
	return mux
}
