package openai

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What an empty Config means.
const (
	DefaultBaseURL  = "https://api.openai.com/v1"
	DefaultModel    = "text-embedding-3-small"
	DefaultTimeout  = 60 * time.Second
	DefaultInFlight = 4
)

// Config is what an Embedder needs. Only Key has no default.
type Config struct {
	BaseURL string // up to and with the version, e.g. https://api.openai.com/v1
	Key     string // sent as Authorization: Bearer
	Model   string // must answer with core.Dimensions dimensions

	Organization string // sent as OpenAI-Organization where it is set
	Project      string // sent as OpenAI-Project where it is set

	Timeout    time.Duration // of one request, from sending to the answer's last byte
	InFlight   int           // requests at once; further ones wait
	HTTPClient *http.Client  // nil: one with bounded dials; redirects are never followed

	Told func(Limit) // what the service says of its limits, with each answer; must not wait; may be nil
}

// String leaves the key, the organization and the project out.
func (c Config) String() string {
	return fmt.Sprintf("openai.Config{BaseURL: %q, Model: %q, InFlight: %d}", c.BaseURL, c.Model, c.InFlight)
}

// GoString leaves them out, too.
func (c Config) GoString() string { return c.String() }

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(cmp.Or(c.BaseURL, DefaultBaseURL), "/")
	c.Model = cmp.Or(c.Model, DefaultModel)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.InFlight = cmp.Or(c.InFlight, DefaultInFlight)
	return c
}

// faults names every setting that cannot work, without its value.
func (c Config) faults() error {
	var faults []error
	add := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New("openai: "+text))
		}
	}
	add(!usableBase(c.BaseURL), "BaseURL must be http(s)://host/path without user, query or fragment")
	add(c.Key == "", "Key is missing")
	add(strings.ContainsFunc(c.Key, notPrintable), "Key holds a blank or a character that cannot stand in a header")
	add(strings.ContainsFunc(c.Organization, notPrintable), "Organization holds a blank or a character that cannot stand in a header")
	add(strings.ContainsFunc(c.Project, notPrintable), "Project holds a blank or a character that cannot stand in a header")
	add(strings.ContainsFunc(c.Model, notPrintable), "Model holds a blank or a control character")
	add(c.Timeout < 0, "Timeout is negative")
	add(c.InFlight < 0, "InFlight is negative")
	return errors.Join(faults...)
}

func notPrintable(r rune) bool { return r <= ' ' || r > '~' }

func usableBase(base string) bool {
	u, err := url.Parse(base)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// client is the configured HTTP client, or one of our own. Following a
// redirect would send a document's text to wherever the answer points.
func (c Config) client() *http.Client {
	client := &http.Client{Transport: transport(c.InFlight)}
	if c.HTTPClient != nil {
		copied := *c.HTTPClient
		client = &copied
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

func transport(inFlight int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    inFlight + 1, // one for Healthy
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}
