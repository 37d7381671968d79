package llamaparsetest

import (
	"net/http"
	"slices"
	"time"
)

func (f *Faults) held() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gate
}

func (f *Faults) delay() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wait
}

// take uses up one occasion of a fault. An op makes it subject to Only.
func (f *Faults) take(k knob, op ...string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(op) > 0 && len(f.only) > 0 && !slices.Contains(f.only, op[0]) {
		return false
	}
	n := f.counts[k]
	if n > 0 {
		f.counts[k]--
	}
	return n != 0
}

// refusal is the answer that a fault puts in place of the operation's own.
func (f *Faults) refusal(op string) (answer, bool) {
	switch {
	case f.take(status401, op):
		return refuse(http.StatusUnauthorized, "Invalid authentication token"), true
	case f.take(status403, op):
		return refuse(http.StatusForbidden, "Project is disabled"), true
	case f.take(status402, op):
		return refuse(http.StatusPaymentRequired, "You've exceeded the maximum number of credits for your plan."), true
	case f.take(plan429, op):
		return refuse(http.StatusTooManyRequests, "You've already reached the maximum number of concurrent jobs for your plan."), true
	case f.take(busy429, op):
		return f.busy(), true
	case f.take(serverErrors, op):
		f.mu.Lock()
		defer f.mu.Unlock()
		return refuse(f.errStatus, http.StatusText(f.errStatus)), true
	default:
		return answer{}, false
	}
}

func (f *Faults) busy() answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := tooMany()
	a.header = map[string]string{}
	if f.retryAfter != "" {
		a.header["Retry-After"] = f.retryAfter
	}
	if f.retryMs != "" {
		a.header["Retry-After-Ms"] = f.retryMs
	}
	return a
}

func (f *Faults) endedStatus() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}
