package s3archivetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
)

// Times lets a fault befall the first n calls that are meant, and no other.
func Times(n int64, meant func(*http.Request) bool, fault Fault) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if meant(r) && seen.Add(1) <= n {
			fault(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// Any means every call.
func Any(*http.Request) bool { return true }

// Reads means the calls for an object's content.
func Reads(r *http.Request) bool {
	return r.Method == http.MethodGet && !r.URL.Query().Has("list-type")
}

// Writes means the calls that send content.
func Writes(r *http.Request) bool { return r.Method == http.MethodPut }

// Busy refuses a call as an overloaded store does.
func Busy(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	Refuse(w, http.StatusServiceUnavailable, "SlowDown")
}

// Denied refuses a call as a store does that does not let this login.
func Denied(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	Refuse(w, http.StatusForbidden, "AccessDenied")
}

// Cut breaks the connection off before any answer.
func Cut(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// Lost does what is asked, and breaks the connection off in place of the answer.
func Lost(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Half breaks the answer off in the middle of its content.
func Half(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := relay(w, r, next)
	_, _ = w.Write(answer[:len(answer)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Flipped answers with content that is not what was stored, beside the checksum
// of what was.
func Flipped(w http.ResponseWriter, r *http.Request, next http.Handler) {
	w.Header().Set("X-Amz-Checksum-Crc32", "AAAAAA==")
	answer := relay(w, r, next)
	if len(answer) > 0 {
		answer[len(answer)/2] ^= 1
	}
	_, _ = w.Write(answer)
}

// Garbled changes what is sent on its way to the store.
func Garbled(w http.ResponseWriter, r *http.Request, next http.Handler) {
	r.Body = flipping{r.Body}
	next.ServeHTTP(w, r)
}

// relay has the store answer, passes on the head, and gives the content.
func relay(w http.ResponseWriter, r *http.Request, next http.Handler) []byte {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	return answer.Body.Bytes()
}

// flipping changes the first byte of each read.
type flipping struct{ io.ReadCloser }

// Read implements io.Reader.
func (f flipping) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if n > 0 {
		p[0] ^= 1
	}
	return n, err
}
