package smoke

import (
	"errors"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// quick lets a result nobody announces be found soon; the environment's own
// settings win.
var quick = []string{"PARSE_POLLS=5s,5s,10s,15s"}

// settle reads the environment as the services do. Where the parser has nowhere
// to call back to, it is polled instead.
func settle(environ []string) (boot.Config, error) {
	config, err := boot.Read(append(slices.Clone(quick), environ...))
	if err != nil {
		return config, gaps(err)
	}
	if config.WebhookURL == "" {
		config.WebhookMode = "poll"
	}
	var all []error
	for _, service := range services(config) {
		all = append(all, config.Check(service))
	}
	return config, gaps(errors.Join(all...))
}

// calledBack reports whether the parser announces its results.
func calledBack(c boot.Config) bool { return c.Parser == "llamaparse" && c.WebhookMode == "callback" }

// services are the processes of a deployment that the document meets.
func services(c boot.Config) []boot.Service {
	if calledBack(c) {
		return []boot.Service{boot.API, boot.Worker, boot.Webhook}
	}
	return []boot.Service{boot.API, boot.Worker}
}

// Gaps is everything that is wrong with the settings, each told once. Nothing
// was started or sent.
type Gaps []string

// Error is all of them.
func (g Gaps) Error() string { return strings.Join(g, "\n") }

func gaps(err error) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(err.Error(), "\n")
	slices.Sort(lines)
	return Gaps(slices.Compact(lines))
}

// copyFor is the configuration of one of the processes. The API is for this
// process alone; the webhook listens where the parser's calls arrive.
func copyFor(c boot.Config, service boot.Service) boot.Config {
	c.WorkerPort, c.DrainNotice = 0, 0 // nobody asks for its probes, nor sends traffic by them
	if service == boot.API {
		c.Port, c.ListenHost = 0, "127.0.0.1"
	}
	return c
}
