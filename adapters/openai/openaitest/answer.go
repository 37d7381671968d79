package openaitest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"slices"
)

type wireAnswer struct {
	Object string     `json:"object"`
	Data   []wireItem `json:"data"`
	Model  string     `json:"model"`
	Usage  wireUsage  `json:"usage"`
}

type wireItem struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"` // []float32, base64 text, or nil
}

type wireUsage struct {
	PromptTokens int `json:"prompt_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

// answer writes the vectors, spoilt as the fault says.
func (s *Server) answer(w http.ResponseWriter, q query, fault Fault) {
	vectors := make([][]float32, len(q.inputs))
	for i, in := range q.inputs {
		if s.options.Blind {
			vectors[i] = blindVector(q.model, in.text, q.dimensions)
			continue
		}
		vectors[i] = vectorUnder(q.model, in.text, q.dimensions)
	}
	spoilVectors(vectors, fault.Kind)
	out := wireAnswer{Object: "list", Model: q.model, Usage: wireUsage{q.tokens, q.tokens}, Data: make([]wireItem, len(vectors))}
	for i, v := range vectors {
		out.Data[i] = wireItem{Object: "embedding", Index: i, Embedding: encode(v, q.base64)}
	}
	if s.options.Unordered {
		slices.Reverse(out.Data)
	}
	spoilItems(&out, fault.Kind)
	body, err := json.Marshal(out)
	if err != nil { // a NaN has no form in JSON
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if fault.Kind == TruncatedBody {
		body = body[:len(body)*2/3]
	}
	_, _ = w.Write(body) // a client that left is no fault of the server
}

// encode gives the vector the form that was asked for. base64 is of the
// little-endian float32s.
func encode(v []float32, asBase64 bool) any {
	if v == nil {
		return nil
	}
	if !asBase64 {
		return v
	}
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
