package rollout_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/deploy/rollout"
)

// manager is an Alertmanager that answers as it is told, to who signs.
type manager struct {
	*httptest.Server
	body   atomic.Pointer[string]
	status atomic.Int64
	asked  atomic.Pointer[http.Request]
}

func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{}
	m.tell()
	m.status.Store(http.StatusOK)
	m.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		m.asked.Store(r)
		rw.WriteHeader(int(m.status.Load()))
		_, _ = rw.Write([]byte(*m.body.Load()))
	}))
	t.Cleanup(m.Close)
	return m
}

// tell sets the alerts that fire, by their labels as JSON.
func (m *manager) tell(labels ...string) {
	list := make([]string, len(labels))
	for i, l := range labels {
		list[i] = `{"labels":` + l + `,"status":{"state":"active"}}`
	}
	m.say("[" + strings.Join(list, ",") + "]")
}

func (m *manager) say(body string) { m.body.Store(&body) }

func (m *manager) asks() rollout.Alertmanager {
	return rollout.Alertmanager{Alerts: rollout.Alerts{URL: m.URL + "/workspaces/ws-1/alertmanager", Region: "eu-central-1"}, Client: m.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "invented", "session")}
}

const (
	errorRate = `{"alertname":"RollbackErrorRate","action":"rollback","env":"production","job":"api"}`
	parserOff = `{"alertname":"ExternalApiDown","action":"rollback","env":"production","peer":"llamaparse"}`
)

// The question is signed, and asks for what fires and is muted by nothing; the
// answer's alerts become triggers, those of outside services such that page.
func TestTheAlertmanagerIsAskedForWhatUndoes(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	m.tell(errorRate, strings.Replace(errorRate, `"job"`, `"instance":"10.0.0.1:9000","job"`, 1), parserOff)
	asks := m.asks()
	got, err := asks.Firing(t.Context())
	want := []rollout.Trigger{{Name: "alert RollbackErrorRate api", Action: rollout.Undo, Firing: true}, {Name: "alert ExternalApiDown llamaparse", Action: rollout.Page, Firing: true}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	r := m.asked.Load()
	if r.URL.Path != "/workspaces/ws-1/alertmanager/api/v2/alerts" || r.URL.RawQuery != "active=true&filter=action%3D%22rollback%22&inhibited=false&silenced=false" {
		t.Errorf("asked for %s", r.URL)
	}
	signed := r.Header.Get("Authorization")
	scope := "Credential=AKIDEXAMPLE/" + time.Now().UTC().Format("20060102") + "/eu-central-1/aps/aws4_request"
	if !strings.HasPrefix(signed, "AWS4-HMAC-SHA256 ") || !strings.Contains(signed, scope) || r.Header.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("signed as %q", signed)
	}
}

// What the answer cannot be read from is an error, and never "nothing fires".
func TestABadAnswerOfTheAlertmanagerIsNoSilence(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*manager){
		"refused":  func(m *manager) { m.status.Store(http.StatusForbidden) },
		"broken":   func(m *manager) { m.say(`[{"labels":`) },
		"no list":  func(m *manager) { m.say(`{"message":"throttled"}`) },
		"empty":    func(m *manager) { m.say("") },
		"not here": func(m *manager) { m.Close() },
	} {
		m := newManager(t)
		spoil(m)
		asks := m.asks()
		if got, err := asks.Firing(t.Context()); err == nil || got != nil {
			t.Errorf("%s: got %v", name, got)
		} else if strings.Contains(err.Error(), "throttled") {
			t.Errorf("%s: the answer's text is told: %v", name, err)
		}
	}
}

// A release over the cloud with an Alertmanager: an alert that was quiet before
// undoes it, one that fired before does not, an outside service's never.
func TestAlertsUndoAReleaseAsAlarmsDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after []string
		broken        bool   // the Alertmanager, from then on
		alarm         string // of CloudWatch, that fires then
		serves, told  string
	}{
		"quiet":                    {serves: "v2"},
		"fires after":              {after: []string{errorRate}, serves: "v1", told: "quiet before the release: alert RollbackErrorRate api"},
		"fired before":             {before: []string{errorRate}, after: []string{errorRate}, serves: "v2"},
		"another service's before": {before: []string{strings.Replace(errorRate, `"api"`, `"webhook"`, 1)}, after: []string{errorRate}, serves: "v1", told: "alert RollbackErrorRate api"},
		"the parser is away":       {after: []string{parserOff}, serves: "v2"},
		"it cannot be asked":       {broken: true, serves: "v2", told: "could not be read at the end"},
		"the alarms can":           {broken: true, alarm: "nav-errors", serves: "v1", told: "quiet before the release: nav-errors"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, m := newCloud(t), newManager(t)
			m.tell(c.before...)
			r, said := cloud.over(fine)
			asks := m.asks()
			r.Platform.(*rollout.ECS).Alerts = asks.Firing
			r.Clock.(*clock).at = map[time.Duration]func(){2 * time.Minute: func() {
				cloud.firing = c.alarm
				if m.tell(c.after...); c.broken {
					m.status.Store(http.StatusInternalServerError)
				}
			}}
			err := r.Release(t.Context(), "v2")
			if (err == nil) != (c.told == "") || err != nil && !strings.Contains(err.Error(), c.told) || errors.Is(err, rollout.ErrBlind) != (c.broken && c.alarm == "") || cloud.serve() != c.serves {
				t.Errorf("%s serves: %v\n%s", cloud.serve(), err, strings.Join(*said, "\n"))
			}
			if paged := strings.Contains(fmt.Sprint(*said), "PAGE: alert ExternalApiDown llamaparse"); paged != (name == "the parser is away") {
				t.Errorf("paged: %t", paged)
			}
		})
	}
}
