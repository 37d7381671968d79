// Package llamaparse is the production ports.Parser: LlamaParse's v2 interface
// over HTTP. A document is uploaded, parsed by a job, fetched page by page and
// then deleted there. The package also proves and reads the callbacks the
// service sends; it serves no HTTP itself.
//
// What the service says is never trusted further than it must be: answers are
// bounded, redirects are not followed, the key goes to the configured host
// alone, and no error carries a word of what the service wrote.
package llamaparse

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.Parser = (*Parser)(nil)

// The tiers of the service, cheapest first. The fast one gives plain text; the
// others give markdown.
const (
	TierFast          = "fast"
	TierCostEffective = "cost_effective"
	TierAgentic       = "agentic"
	TierAgenticPlus   = "agentic_plus"
)

// Paths are the addresses below the base URL, for the day the service moves
// them. An empty one takes its default.
type Paths struct {
	Files string
	Parse string
}

// DefaultPaths is where the service has them by its description.
func DefaultPaths() Paths { return Paths{Files: "/api/v1/beta/files", Parse: "/api/v2/parse"} }

// Config is what the adapter needs. Zero values take the defaults named.
type Config struct {
	BaseURL string // scheme and host; keys belong to one region's host
	Key     string // sent to BaseURL's host and nowhere else
	Tier    string // default cost_effective
	Version string // parser version, pinned so that results do not drift; default the newest known of the tier
	Paths   Paths

	Timeout       time.Duration // one call; default 60 s
	UploadTimeout time.Duration // one upload; default 5 min
	JobTimeout    time.Duration // what the service gives a job, beside PageTimeout a page; default 30 min, at most 2 h
	PageTimeout   time.Duration // default 30 s, at most 5 min
	SubmitEvery   time.Duration // least distance of two submissions of this process; 0 means none

	MaxFailedShare float64 // share of pages that may fail before the job does, 0..1; 0 leaves it to the service
	ResultLimit    int64   // bytes of one answer; default 64 MiB

	HTTPClient *http.Client // optional; its redirect policy is replaced
}

// String keeps the key out of logs.
func (c Config) String() string {
	return fmt.Sprintf("llamaparse{%s %s@%s}", c.BaseURL, c.Tier, c.Version)
}

// GoString keeps the key out of %#v.
func (c Config) GoString() string { return c.String() }

// Parser speaks to one LlamaParse project. It is safe for concurrent use.
type Parser struct {
	conf   Config
	base   string
	client *http.Client

	pace sync.Mutex // guards next
	next time.Time  // when the next submission may start
}

// New checks the configuration, every fault at once, and makes a Parser. It
// does not call the service: Healthy does.
func New(c Config) (*Parser, error) {
	c = c.withDefaults()
	base, err := baseOf(c.BaseURL)
	if err := errors.Join(err, c.check()); err != nil {
		return nil, err
	}
	return &Parser{conf: c, base: base, client: clientOf(c.HTTPClient)}, nil
}

func (c Config) withDefaults() Config {
	orDefault(&c.Tier, TierCostEffective)
	orDefault(&c.Version, "2026-08-19")
	if c.Tier == TierFast && c.Version == "2026-08-19" {
		c.Version = "2026-06-15" // the fast tier counts its versions apart
	}
	orDefault(&c.Paths.Files, DefaultPaths().Files)
	orDefault(&c.Paths.Parse, DefaultPaths().Parse)
	orDefault(&c.Timeout, time.Minute)
	orDefault(&c.UploadTimeout, 5*time.Minute)
	orDefault(&c.JobTimeout, 30*time.Minute)
	orDefault(&c.PageTimeout, 30*time.Second)
	orDefault(&c.ResultLimit, 64<<20)
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check names every setting that cannot work, by its own name and never by a
// secret's value.
func (c Config) check() error {
	var faults []error
	refuse := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New("llamaparse: "+text))
		}
	}
	refuse(c.Key == "", "the key is empty")
	refuse(strings.ContainsFunc(c.Key, func(r rune) bool { return r <= ' ' || r > '~' }), "the key holds blanks or control characters")
	refuse(c.Timeout < 0 || c.UploadTimeout < 0 || c.SubmitEvery < 0, "a timeout is negative")
	refuse(c.JobTimeout < time.Second || c.JobTimeout > 2*time.Hour, "the job timeout is not within 1 s and 2 h")
	refuse(c.PageTimeout < time.Second || c.PageTimeout > 5*time.Minute, "the page timeout is not within 1 s and 5 min")
	refuse(!(c.MaxFailedShare >= 0 && c.MaxFailedShare <= 1), "the share of failed pages is not within 0 and 1")
	refuse(c.ResultLimit < 0, "the result limit is negative")
	refuse(!strings.HasPrefix(c.Paths.Files, "/") || !strings.HasPrefix(c.Paths.Parse, "/"), "a path does not start with a slash")
	return errors.Join(faults...)
}

// baseOf takes a bare http or https origin, with or without a last slash.
func baseOf(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", errors.New("llamaparse: the base URL is not an http or https address")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("llamaparse: the base URL holds more than scheme, host and path")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// clientOf copies the client, so that the caller's own keeps its policy, and
// stops it from following redirects: the next host must not see key or file.
func clientOf(given *http.Client) *http.Client {
	var client http.Client
	if given != nil {
		client = *given
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library's own value
		transport.MaxIdleConnsPerHost = 16                           // as many as work at once, without a handshake each
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	return &client
}

// Name is the parser's name and version as core.Text keeps it.
func (p *Parser) Name() string {
	return "llamaparse/" + p.conf.Tier + "@" + p.conf.Version
}
