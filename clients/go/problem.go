package navigatorapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Answer is what every operation of ClientWithResponses returns.
type Answer interface {
	StatusCode() int
	ContentType() string
	Bytes() []byte
}

// ProblemOf is the problem that an answer tells, or nil when it tells none: the
// call did what it should. An answer of an error status that is no problem
// document, as one from a proxy on the way, becomes one with its status alone.
func ProblemOf(answer Answer) *Problem {
	if answer.StatusCode() < 400 {
		return nil
	}
	var problem Problem
	if strings.HasPrefix(answer.ContentType(), "application/problem+json") &&
		json.Unmarshal(answer.Bytes(), &problem) == nil {
		return &problem
	}
	status := answer.StatusCode()
	return &Problem{Status: int64(status), Title: "No problem document", Detail: fmt.Sprintf("the answer has status %d", status)}
}

// Error is the problem in a line; a *Problem is an error for errors.As.
func (p *Problem) Error() string {
	if p.Advice == "" {
		return p.Detail
	}
	return p.Detail + " " + p.Advice
}
