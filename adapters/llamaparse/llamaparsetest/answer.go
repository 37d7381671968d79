package llamaparsetest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// answer is one HTTP answer, ready to be written or spoilt.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func reply(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic("llamaparsetest: " + err.Error()) // only values of this package come here
	}
	return answer{status: status, body: body}
}

// refuse is an error in the service's short form.
func refuse(status int, detail string) answer {
	return reply(status, map[string]string{"detail": detail})
}

// invalid is one entry of a 422.
type invalid struct {
	Type  string `json:"type"`
	Loc   []any  `json:"loc"`
	Msg   string `json:"msg"`
	Input any    `json:"input"`
}

// unprocessable is an error in the service's long form.
func unprocessable(faults ...invalid) answer {
	return reply(http.StatusUnprocessableEntity, map[string]any{"detail": faults})
}

func missing(loc ...any) invalid {
	return invalid{Type: "missing", Loc: loc, Msg: "Field required"}
}

func wrong(msg string, input any, loc ...any) invalid {
	return invalid{Type: "value_error", Loc: loc, Msg: msg, Input: input}
}

// stamp is a time as the service writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// page cuts one page out of a list by the query's page_size and page_token.
func page[T any](r *http.Request, all []T, most, usual int) (list []T, next any, bad *invalid) {
	size := usual
	if raw := r.URL.Query().Get("page_size"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 || n > most {
			fault := wrong("Input should be a valid page size", raw, "query", "page_size")
			return nil, nil, &fault
		}
		size = n
	}
	from := 0
	if raw := r.URL.Query().Get("page_token"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || n > len(all) {
			fault := wrong("Invalid page token", raw, "query", "page_token")
			return nil, nil, &fault
		}
		from = n
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}
