package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Problem is an answer that is not a success: the body of RFC 9457 where the
// service wrote one, else what can be said of the status.
type Problem struct {
	Status int     `json:"status"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Code   string  `json:"code"` // empty where something else than the service answered
	Advice string  `json:"advice"`
	Errors []Field `json:"errors"`

	Instance   string `json:"instance"`    // the request's id as a URN
	DocumentID string `json:"document_id"` // duplicate_document: the one that is there
	Filename   string `json:"filename"`    // duplicate_document: its name
}

// Field is one part of a request that is at fault.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error says what happened.
func (p *Problem) Error() string { return p.Message() }

// Message is what happened this time, in a sentence.
func (p *Problem) Message() string {
	switch {
	case p.Detail != "":
		return p.Detail
	case p.Title != "":
		return p.Title
	default:
		return fmt.Sprintf("The service answered %d %s.", p.Status, http.StatusText(p.Status))
	}
}

// RequestID is what support finds the request by; empty where none was given.
func (p *Problem) RequestID() string { return strings.TrimPrefix(p.Instance, "urn:uuid:") }

// HasCode reports whether err is a problem of that code.
func HasCode(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// HasStatus reports whether err is a problem of that HTTP status.
func HasStatus(err error, status int) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == status
}

// Unauthenticated reports whether the service does not know the caller.
func Unauthenticated(err error) bool { return HasStatus(err, http.StatusUnauthorized) }

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// problemOf reads a refusal. A body that is not a problem is not shown: it may
// be a page of a proxy, or anything.
func problemOf(answer *http.Response) *Problem {
	p := &Problem{}
	media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err == nil && media == "application/problem+json" {
		if json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(p) != nil {
			p = &Problem{}
		}
	}
	p.Status = answer.StatusCode
	if p.Instance == "" {
		p.Instance = answer.Header.Get("X-Request-Id")
	}
	if p.Code == "" && p.Advice == "" {
		p.Advice = "Check the address: it does not seem to be this service."
	}
	return p
}
