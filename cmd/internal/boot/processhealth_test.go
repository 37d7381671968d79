package boot_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// toldHealth is what the operators' port of a process says.
type toldHealth struct {
	Status, Service string
	Database        struct{ OK bool }
	Services        []struct {
		Name, Code string
		OK         bool
	}
	Loops  []struct{ Name string }
	Worker *struct {
		LastProgress string `json:"last_progress"`
		Queues       []struct {
			Name   string
			Paused bool
		}
	}
}

func (w *world) ownHealth(admin string) (status int, told toldHealth) {
	w.t.Helper()
	answer, err := http.Get(admin + "/health")
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(answer.Body)
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	if err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
	return answer.StatusCode, told
}

// Three processes with a parser that is away: the worker names it on the
// operators' port, with the queues and its last progress; each stays ready and
// alive, for starting anew would not help.
func TestEachServiceStaysReadyWhileAProviderIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.AdminPort, w.config.BreakerFailures = 0, 100
	admins := map[boot.Service]string{}
	var probes []string
	for _, service := range []boot.Service{boot.API, boot.Webhook, boot.Worker} {
		at := w.start(service)
		admins[service] = at.Admin
		probes = append(probes, at.API+at.Webhook+at.Worker)
	}
	ada := w.person("ada")
	ada.completes(ada.taken("whole.pdf", corpus.MemberCard().Bytes))
	w.llama.Faults.ServerErrors(1000)
	waits := ada.taken("waits.pdf", corpus.Summary().Bytes)
	w.until("the worker tells of the parser, and has looked at the queues", func() bool {
		status, told := w.ownHealth(admins[boot.Worker])
		at := slices.IndexFunc(told.Services, func(s struct {
			Name, Code string
			OK         bool
		}) bool {
			return s.Name == "llamaparse" && !s.OK
		})
		return at >= 0 && status == http.StatusOK && told.Status == "degraded" && told.Services[at].Code == string(core.CodeParserUnavailable) &&
			told.Database.OK && len(told.Worker.Queues) == 6 && told.Worker.LastProgress != ""
	})
	for _, service := range []boot.Service{boot.API, boot.Webhook} {
		if status, told := w.ownHealth(admins[service]); status != http.StatusOK || told.Service != string(service) || !told.Database.OK || told.Worker != nil {
			t.Errorf("%s says %d %+v", service, status, told)
		}
	}
	for _, address := range probes {
		for _, path := range []string{"/readyz", "/livez", "/health"} {
			if status := probe(address + path); status != http.StatusOK {
				t.Errorf("%s%s answers %d", address, path, status)
			}
		}
	}
	w.llama.Faults.Reset()
	ada.completes(waits)
}
