package rollout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Alerts is where a managed Alertmanager is: the output "alerts" within that of
// the environment's rollout.
type Alerts struct {
	URL    string `json:"url"` // up to and with /alertmanager
	Region string `json:"region"`
}

// Alertmanager asks which alerts with the action rollback fire. It is the
// Alertmanager and not the rules that is asked: what is inhibited or silenced
// there undoes no release.
type Alertmanager struct {
	Alerts
	Credentials aws.CredentialsProvider
	Client      *http.Client
}

// Bounds of one question.
const (
	alertsTime  = 10 * time.Second
	alertsBytes = 4 << 20
)

// errAlerts says that the Alertmanager's answer is of no use.
var errAlerts = errors.New("the Alertmanager does not tell its alerts")

// alert is one that fires, as the Alertmanager tells it.
type alert struct {
	Labels map[string]string `json:"labels"`
}

// Firing lists the alerts, each once however many series it is of.
func (a *Alertmanager) Firing(ctx context.Context) ([]Trigger, error) {
	ctx, cancel := context.WithTimeout(ctx, alertsTime)
	defer cancel()
	query := url.Values{"active": {"true"}, "silenced": {"false"}, "inhibited": {"false"}, "filter": {`action="` + string(Undo) + `"`}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/api/v2/alerts?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if err := a.sign(ctx, request); err != nil {
		return nil, err
	}
	answer, err := a.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d", errAlerts, answer.StatusCode)
	}
	var list []alert
	if err := json.NewDecoder(io.LimitReader(answer.Body, alertsBytes)).Decode(&list); err != nil {
		return nil, fmt.Errorf("%w: its answer cannot be read", errAlerts)
	}
	return triggers(list), nil
}

// sign puts the caller's word on a request without a body.
func (a *Alertmanager) sign(ctx context.Context, request *http.Request) error {
	credentials, err := a.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("credentials for the Alertmanager: %w", err)
	}
	nothing := sha256.Sum256(nil)
	return v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(nothing[:]), "aps", a.Region, time.Now())
}

// triggers are the alerts by what they are of. One of an outside service (it has
// a peer) pages and no more: its outage is no release's fault.
func triggers(list []alert) (all []Trigger) {
	for _, a := range list {
		t := Trigger{Name: a.name(), Action: Undo, Firing: true}
		if a.Labels["peer"] != "" {
			t.Action = Page
		}
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// name is the alert's, with what it is of; instances come and go with a release.
func (a alert) name() string {
	parts := []string{"alert", a.Labels["alertname"]}
	for _, label := range []string{"job", "peer", "pool"} {
		if value := a.Labels[label]; value != "" {
			parts = append(parts, value)
		}
	}
	return strings.Join(parts, " ")
}
