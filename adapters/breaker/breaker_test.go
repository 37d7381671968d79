package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insurance-navigator/navigator/adapters/breaker"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var settings = breaker.Settings{Failures: 3, Rest: 30 * time.Second}

var away = core.Fail(core.CodeParserUnavailable, io.ErrUnexpectedEOF)

// outside is a service that counts its calls and answers with err.
type outside struct {
	calls int
	err   error
}

func (o *outside) call() error { o.calls++; return o.err }

func TestAServiceThatIsAwayIsAskedOnceARest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []bool
		b := breaker.New(core.ServiceParser, settings, func(_ core.Service, open bool) { told = append(told, open) })
		o := &outside{err: away}
		burnt := 0
		for range 30 * 60 { // half an hour, a job a second
			if core.AsError(b.Do(o.call)).Kind == core.Transient {
				burnt++
			}
			time.Sleep(time.Second) // synctest: its clock jumps there at once, and nobody waits
		}
		if o.calls > 3+60 || o.calls < 50 || burnt != 2 {
			t.Errorf("1800 calls: %d reached the service, %d cost a try; want a call a rest and 2", o.calls, burnt)
		}
		if s := b.State(); !s.Open || b.Away() < 29*time.Minute || s.Refused+uint64(o.calls) != 1800 {
			t.Errorf("after half an hour: %+v, away for %s", s, b.Away())
		}
		o.err = nil
		time.Sleep(settings.Rest) // synctest: its clock jumps there at once, and nobody waits
		for range 100 {
			if err := b.Do(o.call); err != nil {
				t.Fatalf("the service is back: %v", err)
			}
		}
		if s := b.State(); s.Open || b.Away() != 0 || fmt.Sprint(told) != "[true false]" {
			t.Errorf("afterwards: %+v, told %v", s, told)
		}
	})
}

func TestARefusedCallSaysWhenToComeBackAndThatNothingWasAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for service, code := range map[core.Service]core.Code{core.ServiceParser: core.CodeParserUnavailable, core.ServiceEmbedder: core.CodeEmbedderUnavailable,
			core.ServiceStorage: core.CodeStorageUnavailable, core.ServiceAccounts: core.CodeAccountsUnavailable, core.ServiceScanner: core.CodeScanUnavailable} {
			b := breaker.New(service, settings, nil)
			for range settings.Failures {
				_ = b.Do(func() error { return core.Fail(code, nil) })
			}
			time.Sleep(10 * time.Second) // synctest: its clock jumps there at once, and nobody waits
			err := b.Do(func() error { t.Error("the call was made"); return nil })
			e := core.AsError(err)
			if e.Code != code || e.Kind != core.Busy || e.After != 20*time.Second || !core.Settled(err) {
				t.Errorf("%s: %v, %s, after %s, settled %t", service, e.Code, e.Kind, e.After, core.Settled(err))
			}
		}
	})
}

// The call that opens the breaker was made: its outcome is unknown still.
func TestTheCallThatOpensTheBreakerIsNotSettled(t *testing.T) {
	t.Parallel()
	b := breaker.New(core.ServiceParser, breaker.Settings{Failures: 1, Rest: time.Hour}, nil)
	err := b.Do(func() error { return away })
	if e := core.AsError(err); e.Kind != core.Busy || e.After <= 0 || core.Settled(err) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%s after %s, settled %t", e.Kind, e.After, core.Settled(err))
	}
}

// Answers that a working service gives keep its breaker closed.
func TestAnAnswerIsNoOutage(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, core.Fail(core.CodeParserBusy, nil), core.Fail(core.CodeParserKey, nil), core.Fail(core.CodeParserRefused, nil),
		core.Fail(core.CodeParseNotReady, nil), core.Fail(core.CodeParseGone, nil), core.Fail(core.CodeBadVectors, nil),
		core.Fail(core.CodeFileMissing, nil), core.Wait(core.CodeParserUnavailable, 0, core.ErrUnasked), context.Canceled, fmt.Errorf("call: %w", context.Canceled)} {
		b := breaker.New(core.ServiceParser, settings, nil)
		for range 20 {
			_ = b.Do(func() error { return err })
		}
		if s := b.State(); s.Open || s.Opened != 0 {
			t.Errorf("%v opened the breaker", err)
		}
	}
	b := breaker.New(core.ServiceParser, settings, nil)
	for i := range 20 { // in a row, it says
		_ = b.Do(func() error {
			if i%3 == 2 {
				return core.Fail(core.CodeParserBusy, nil)
			}
			return away
		})
	}
	if b.State().Opened != 0 {
		t.Error("outages with answers between them opened the breaker")
	}
	hung := breaker.New(core.ServiceParser, settings, nil)
	for range settings.Failures {
		_ = hung.Do(func() error { return fmt.Errorf("call: %w", context.DeadlineExceeded) })
	}
	if !hung.State().Open {
		t.Error("a service that never answered in time has a closed breaker")
	}
}

// While one call finds out, the others wait outside.
func TestOneCallFindsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(core.ServiceParser, breaker.Settings{Failures: 1, Rest: time.Minute}, nil)
		_ = b.Do(func() error { return away })
		time.Sleep(time.Minute + time.Second) // synctest: its clock jumps there at once, and nobody waits
		let := make(chan struct{})
		var made, refused atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				err := b.Do(func() error { made.Add(1); <-let; return nil })
				if errors.Is(err, core.ErrUnasked) {
					refused.Add(1)
				}
			})
		}
		synctest.Wait()
		if made.Load() != 1 || refused.Load() != 49 {
			t.Errorf("%d calls were made and %d refused", made.Load(), refused.Load())
		}
		close(let)
		all.Wait()
		if b.State().Open {
			t.Error("the call that got through did not close the breaker")
		}
	})
}

// Every call of a port goes through its breaker, but for those that must not.
func TestEveryCallOfAPortIsGuarded(t *testing.T) {
	t.Parallel()
	free := map[string]bool{"Healthy": true, "ListFiles": true, "ListJobs": true, "List": true, "Prepare": true, "Authorize": true}
	open := breaker.New(core.ServiceStorage, breaker.Settings{Failures: 1, Rest: time.Hour}, nil)
	_ = open.Do(func() error { return core.Fail(core.CodeStorageUnavailable, nil) })
	for port, guarded := range map[reflect.Type]any{
		reflect.TypeFor[ports.Parser]():   breaker.Parser{Breaker: open},
		reflect.TypeFor[ports.Embedder](): breaker.Embedder{Breaker: open},
		reflect.TypeFor[ports.Blobs]():    breaker.Blobs{Breaker: open},
		reflect.TypeFor[ports.Accounts](): breaker.Accounts{Breaker: open},
	} {
		for i := range port.NumMethod() {
			name := port.Method(i).Name
			if free[name] {
				continue
			}
			if err := called(t, reflect.ValueOf(guarded).MethodByName(name)); !errors.Is(err, core.ErrUnasked) {
				t.Errorf("%s.%s went through an open breaker: %v", port.Name(), name, err)
			}
		}
	}
}

// called calls a method with empty arguments; a call that reaches the nil port
// within panics.
func called(t *testing.T, method reflect.Value) (err error) {
	t.Helper()
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("it reached the port: %v", value)
		}
	}()
	kind := method.Type()
	var args []reflect.Value
	for i := range kind.NumIn() {
		if kind.IsVariadic() && i == kind.NumIn()-1 {
			break
		}
		args = append(args, reflect.New(kind.In(i)).Elem())
	}
	args[0] = reflect.ValueOf(t.Context())
	results := method.Call(args)
	err, _ = results[len(results)-1].Interface().(error)
	return err
}
