package show

import (
	"errors"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// Failure writes an error beside the output: what happened, what can be done,
// and the request's id where there is one. about names what it happened to; ""
// for nothing in particular.
func (s *Screen) Failure(about string, err error) {
	if about != "" {
		about = Clean(about) + ": "
	}
	var p *client.Problem
	var gone *client.Unreachable
	switch {
	case errors.As(err, &p):
		s.problem(about, p)
	case errors.As(err, &gone):
		s.Note("error: %s%s", about, gone.Message())
	default:
		s.Note("error: %s%s", about, Clean(err.Error()))
	}
}

func (s *Screen) problem(about string, p *client.Problem) {
	s.Note("error: %s%s", about, Clean(p.Message()))
	for _, field := range p.Errors {
		s.Note("  %s: %s", Clean(field.Field), Clean(field.Message))
	}
	if p.Advice != "" {
		s.Note("  %s", Clean(p.Advice))
	}
	if id := p.RequestID(); id != "" {
		s.Note("  request id: %s", Clean(id))
	}
}
