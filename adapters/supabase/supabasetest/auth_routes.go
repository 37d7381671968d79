package supabasetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// authRoute is one way below /auth/v1/.
type authRoute struct {
	op   Op
	rate float64 // of the refill; 0 for no limit
	run  func(*Server, *call)
}

// authRoutes is every way but those with an id in them.
var authRoutes = map[string]authRoute{
	"POST signup":      {OpSignUp, otherRate, (*Server).signUp},
	"POST token":       {OpToken, tokenRate, (*Server).grant},
	"GET user":         {OpUser, 0, (*Server).getUser},
	"PUT user":         {OpUser, otherRate, (*Server).putUser},
	"POST logout":      {OpLogout, 0, (*Server).logout},
	"POST recover":     {OpRecover, otherRate, (*Server).recoverPassword},
	"POST resend":      {OpResend, otherRate, (*Server).resend},
	"GET verify":       {OpOpen, otherRate, (*Server).follow},
	"GET authorize":    {OpOpen, 0, (*Server).authorize},
	"GET callback":     {OpOpen, 0, (*Server).callback},
	"POST admin/users": {OpAdmin, 0, (*Server).createUser},
	"GET admin/users":  {OpAdmin, 0, (*Server).listUsers},
	"GET settings":     {OpSettings, 0, (*Server).settings},
	"GET health":       {OpHealth, 0, (*Server).authHealth},

	"GET .well-known/jwks.json":            {OpOpen, 0, (*Server).keys},
	"GET .well-known/openid-configuration": {OpOpen, 0, (*Server).discover},
}

// findAuth reads a path below /auth/v1/.
func (s *Server) findAuth(c *call, rest string) func(*call) {
	c.service, c.op = "auth", OpOther
	route, known := authRoutes[c.r.Method+" "+rest]
	if id, ok := strings.CutPrefix(rest, "admin/users/"); ok && c.r.Method == http.MethodDelete {
		c.key, route, known = id, authRoute{OpAdmin, 0, (*Server).deleteUser}, true
	}
	if !known {
		return func(c *call) { c.refuse(http.StatusNotFound, "not_found", "") }
	}
	c.op = route.op
	run := func(c *call) { route.run(s, c) }
	if route.rate == 0 {
		return run
	}
	return s.limited(c.r.Method+" "+rest, route.rate, run)
}

// answer is Auth's own way of writing JSON.
func (c *call) answer(status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // of our own types
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(text) // the client may be gone
}

// kept answers once the state is written.
func (c *call) kept(err error, body any) {
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	c.answer(http.StatusOK, body)
}

// The shapes of an error: by default code is the status, with the version
// header it is the word.
type (
	oldError struct {
		Code      int         `json:"code"`
		ErrorCode string      `json:"error_code"`
		Msg       string      `json:"msg"`
		ErrorID   string      `json:"error_id,omitempty"`
		Weak      *weakReason `json:"weak_password,omitempty"`
	}
	newError struct {
		Code    string      `json:"code"`
		Message string      `json:"message"`
		Weak    *weakReason `json:"weak_password,omitempty"`
	}
	weakReason struct {
		Reasons []string `json:"reasons"`
	}
)

// refuse answers with an error in the shape the caller's version header asks for.
func (c *call) refuse(status int, code, message string) { c.refuseWith(status, code, message, nil) }

func (c *call) refuseWith(status int, code, message string, weak *weakReason) {
	versioned := c.r.Header.Get("X-Supabase-Api-Version") >= "2024-01-01"
	if !versioned || weak == nil {
		c.w.Header().Set("X-Sb-Error-Code", code)
	}
	if versioned {
		c.w.Header().Set("X-Supabase-Api-Version", "2024-01-01")
		c.answer(status, newError{code, message, weak})
		return
	}
	body := oldError{Code: status, ErrorCode: code, Msg: message, Weak: weak}
	if status >= http.StatusInternalServerError {
		body.ErrorID = core.NewID().String()
	}
	c.answer(status, body)
}

// decode reads a JSON body; otherwise it has answered.
func (c *call) decode(into any) bool {
	text, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		c.refuse(http.StatusBadRequest, "bad_json", fmt.Sprintf("Could not parse request body as JSON: %v", err))
		return false
	}
	return true
}

func (s *Server) authHealth(c *call) {
	c.answer(http.StatusOK, struct {
		Version     string `json:"version"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}{"v2.196.0-local", "GoTrue", "GoTrue is a user registration and authentication API"})
}
