package openaitest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// refusal is an error answer in the provider's shape: all four fields are
// always there, and an absent one is null.
type refusal struct {
	status  int
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// invalid is the type of nearly every refusal, with no code.
func invalid(status int, format string, args ...any) *refusal {
	return &refusal{status: status, Message: fmt.Sprintf(format, args...), Type: "invalid_request_error"}
}

func (r *refusal) coded(code string) *refusal {
	r.Code = &code
	return r
}

func (r *refusal) typed(kind string) *refusal {
	r.Type = kind
	return r
}

func (r *refusal) about(param string) *refusal {
	r.Param = &param
	return r
}

func (r *refusal) write(w http.ResponseWriter) {
	writeJSON(w, r.status, map[string]*refusal{"error": r})
}

func noModel(id string) *refusal {
	return invalid(http.StatusNotFound, "The model `%s` does not exist or you do not have access to it.", id).coded("model_not_found")
}

func tooManyTokens(requested, limit int) *refusal {
	return invalid(http.StatusBadRequest, "Requested %d tokens, max %d tokens per request", requested, limit).
		typed("max_tokens_per_request").coded("max_tokens_per_request")
}

func limitReached(kind, unit string, limit int) *refusal {
	return invalid(http.StatusTooManyRequests, "Rate limit reached for text-embedding-3-small in organization org-fake on %s: Limit %d.", unit, limit).
		typed(kind).coded("rate_limit_exceeded")
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that left is no fault of the server
}
