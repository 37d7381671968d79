package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// HealthReport is what the deployment knows of itself. It is answered with 200
// even when degraded: the door itself works, and readyz is what routes traffic.
type HealthReport struct {
	Status    string            `json:"status" enum:"healthy,degraded"`
	Timestamp time.Time         `json:"timestamp" doc:"UTC"`
	Services  map[string]string `json:"services" doc:"By name: healthy, or unhealthy"`
	Details   []HealthDetail    `json:"details" nullable:"false" doc:"The last real call to each service"`
	Version   string            `json:"version"`
}

// HealthDetail is the last real result of calls to one service.
type HealthDetail struct {
	Name string      `json:"name"`
	OK   bool        `json:"ok"`
	Code problemCode `json:"code,omitempty" doc:"Of the failure"`
	At   time.Time   `json:"at" doc:"When that call was made"`
	Held bool        `json:"held,omitempty" doc:"There and true while calls are held back, for the service was away: one now and then finds out"`
}

// Liveness says that the process makes progress.
type Liveness struct {
	Status string `json:"status" enum:"ok"`
}

// Readiness says that the process takes work.
type Readiness struct {
	Status string `json:"status" enum:"ready"`
}

type (
	healthOutput struct{ Body HealthReport }
	liveOutput   struct{ Body Liveness }
	readyOutput  struct{ Body Readiness }
)

// healthReport reads what is known; it calls nothing outside itself.
func healthReport(ctx context.Context, health ports.Health, version string) HealthReport {
	report := HealthReport{
		Status: "healthy", Timestamp: time.Now().UTC(), Version: version,
		Services: map[string]string{}, Details: []HealthDetail{},
	}
	for _, d := range health.Dependencies(ctx) {
		word := "healthy"
		if !d.OK {
			word, report.Status = "unhealthy", "degraded"
		}
		report.Services[d.Name] = word
		report.Details = append(report.Details, HealthDetail{Name: d.Name, OK: d.OK, Code: knownCode(d.Code), At: d.Since.UTC(), Held: d.Held})
	}
	return report
}

// knownCode lets through only words of the closed set.
func knownCode(text string) problemCode {
	if text == "" {
		return ""
	}
	for _, code := range core.Codes() {
		if string(code) == text {
			return problemCode(code)
		}
	}
	return problemCode(core.CodeInternal)
}

// readiness is nil when the process takes work, and a 503 with the reason's
// code while it starts or drains.
func readiness(ready func() error) error {
	if ready == nil {
		return nil
	}
	err := ready()
	if err == nil {
		return nil
	}
	e := core.Fail(core.CodeNotReady, err)
	_ = errors.As(err, &e)
	return &refusal{err: e, status: http.StatusServiceUnavailable}
}

// liveness is nil while the process makes progress, and a 503 once a loop of it
// is frozen: the platform is to start it anew.
func liveness(live func() error) error {
	if live == nil {
		return nil
	}
	err := live()
	if err == nil {
		return nil
	}
	return &refusal{err: core.Fail(core.CodeInternal, err), status: http.StatusServiceUnavailable, detail: "A part of the service makes no progress."}
}

func (a *api) health(ctx context.Context, _ *noInput) (*healthOutput, error) {
	return &healthOutput{Body: healthReport(ctx, a.Health, a.Version)}, nil
}

func (a *api) live(context.Context, *noInput) (*liveOutput, error) {
	if err := liveness(a.Live); err != nil {
		return nil, err
	}
	return &liveOutput{Body: Liveness{Status: "ok"}}, nil
}

func (a *api) ready(context.Context, *noInput) (*readyOutput, error) {
	if err := readiness(a.Ready); err != nil {
		return nil, err
	}
	return &readyOutput{Body: Readiness{Status: "ready"}}, nil
}
