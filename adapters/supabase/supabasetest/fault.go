package supabasetest

import (
	"io"
	"net/http"
)

// Op names an operation for faults and the ledger.
type Op string

// The operations of Storage.
const (
	OpUpload       Op = "upload"
	OpDownload     Op = "download"
	OpInfo         Op = "info"
	OpDelete       Op = "delete"
	OpList         Op = "list"
	OpSign         Op = "sign"
	OpSignUpload   Op = "sign_upload"
	OpMove         Op = "move"
	OpBucket       Op = "bucket"
	OpBucketCreate Op = "bucket_create"
	OpOther        Op = "other"
)

// Failure is what goes wrong.
type Failure int

// The failures a project can be made to show.
const (
	ServerError       Failure = iota + 1 // HTTP 500, InternalError
	DatabaseTimeout                      // HTTP 544
	SlowDown                             // HTTP 429, too many connections
	BadGateway                           // HTTP 502 with an HTML page
	NotFoundPage                         // HTTP 404 with an HTML page, as from a wrong address
	NotJSON                              // HTTP 200 with an HTML page
	EmptyUnauthorized                    // HTTP 401 without a body
	Denied                               // HTTP 400 with statusCode 403
	Redirected                           // HTTP 302 to another host
	NoPolicy                             // the row policies forget service_role: writes refused, reads empty
	Reset                                // the connection is cut in the middle of the request
	Truncated                            // the connection is cut in the middle of the answer
	HalfWritten                          // half the bytes are kept, HTTP 200
	Vanish                               // nothing is kept, HTTP 200
	LostAnswer                           // all is done, and the connection is cut instead of an answer
	StaleList                            // lists show what was there when the fault was planted
	Held                                 // the request waits until Gate is closed or the client is gone
	InTheWay                             // HTTP 409: another refresh of the session is under way
	MailsSpent                           // HTTP 429: the project sends no more mails for now
)

// Fault is a failure of some requests.
type Fault struct {
	Op    Op // empty for every operation
	Do    Failure
	Times int             // how many requests; 0 goes on until Mend
	Gate  <-chan struct{} // for Held

	before map[string][]object // for StaleList, by bucket
}

// Break plants a fault. Faults are played in the order they were planted.
func (s *Server) Break(f Fault) {
	if f.Do == StaleList {
		f.before = s.vault.all()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Mend removes every fault.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// take finds the fault this request has to show and counts it down.
func (s *Server) take(op Op) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Op != "" && f.Op != op {
			continue
		}
		if f.Times == 1 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		if f.Times > 1 {
			f.Times--
		}
		taken := *f
		return &taken
	}
	return nil
}

const gatewayPage = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n"

// faultWords are the failures each service has words of its own for.
var faultWords = map[Failure]struct {
	storage storageError
	status  int // of Auth
	code    string
}{
	ServerError:     {errInternal, http.StatusInternalServerError, "unexpected_failure"},
	DatabaseTimeout: {errTimeout, http.StatusGatewayTimeout, "request_timeout"},
	SlowDown:        {errSlowDown, http.StatusTooManyRequests, "over_request_rate_limit"},
	Denied:          {errDenied, http.StatusForbidden, "not_admin"},
	InTheWay:        {errDuplicate, http.StatusConflict, "conflict"},
	MailsSpent:      {errSlowDown, http.StatusTooManyRequests, "over_email_send_rate_limit"},
}

// play shows a planted fault; done says that the request is answered by it.
func (s *Server) play(c *call) (done bool) {
	c.fault = s.take(c.op)
	if c.fault == nil {
		return false
	}
	if words, ok := faultWords[c.fault.Do]; ok {
		if c.service == "auth" {
			c.refuse(words.status, words.code, "")
		} else {
			c.fail(words.storage)
		}
		return true
	}
	switch c.fault.Do {
	case BadGateway:
		c.page(http.StatusBadGateway)
	case NotFoundPage:
		c.page(http.StatusNotFound)
	case NotJSON:
		c.page(http.StatusOK)
	case EmptyUnauthorized:
		c.w.WriteHeader(http.StatusUnauthorized)
	case Redirected:
		c.w.Header().Set("Location", "http://elsewhere.invalid/")
		c.w.WriteHeader(http.StatusFound)
	case Reset:
		_, _ = io.CopyN(io.Discard, c.r.Body, max(c.r.ContentLength/2, 0))
		panic(http.ErrAbortHandler)
	case Held:
		return !c.wait()
	default:
		return false // the operation itself plays it
	}
	return true
}

func (c *call) page(status int) {
	c.w.Header().Set("Content-Type", "text/html")
	c.w.WriteHeader(status)
	_, _ = io.WriteString(c.w, gatewayPage)
}

// wait reports whether the gate opened before the client left.
func (c *call) wait() bool {
	select {
	case <-c.fault.Gate:
		return true
	case <-c.r.Context().Done():
		return false
	}
}

// shows reports whether this request is to show the failure.
func (c *call) shows(f Failure) bool { return c.fault != nil && c.fault.Do == f }
