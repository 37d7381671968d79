package core

import (
	"context"
	"sync/atomic"
	"time"
)

// Stopwatch adds up what the providers took of a stage's run. It may be used at
// once; calls that are made at once count each.
type Stopwatch struct{ nanos atomic.Int64 }

// Add adds the time of one call.
func (s *Stopwatch) Add(d time.Duration) { s.nanos.Add(int64(max(d, 0))) }

// Total is the time so far.
func (s *Stopwatch) Total() time.Duration { return time.Duration(s.nanos.Load()) }

type (
	stopwatchKey struct{}
	repeatedKey  struct{}
)

// TimedBy has the providers' calls under the context timed.
func TimedBy(ctx context.Context, s *Stopwatch) context.Context {
	return context.WithValue(ctx, stopwatchKey{}, s)
}

// StopwatchOf is the context's; one that nobody reads where there is none.
func StopwatchOf(ctx context.Context) *Stopwatch {
	if s, ok := ctx.Value(stopwatchKey{}).(*Stopwatch); ok {
		return s
	}
	return &Stopwatch{}
}

// Repeated notes in the context that what is done under it is done again,
// because the service failed it the last time.
func Repeated(ctx context.Context, service Service) context.Context {
	return context.WithValue(ctx, repeatedKey{}, service)
}

// RepeatedFor is the service that Repeated named; empty for none.
func RepeatedFor(ctx context.Context) Service {
	service, _ := ctx.Value(repeatedKey{}).(Service)
	return service
}
