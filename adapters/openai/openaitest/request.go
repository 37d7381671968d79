package openaitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// query is a request that was read: its inputs, what they cost and how the
// answer is to look.
type query struct {
	model      string
	dimensions int
	base64     bool
	inputs     []input
	tokens     int
}

type input struct {
	text   string
	tokens int
}

type wireRequest struct {
	Input          json.RawMessage `json:"input"`
	Model          *string         `json:"model"`
	EncodingFormat string          `json:"encoding_format"`
	Dimensions     *int            `json:"dimensions"`
	User           *string         `json:"user"`
}

// read reads the request and finds the first thing wrong with it.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (query, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return query{}, invalid(http.StatusRequestEntityTooLarge, "The request body is too large.")
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return query{}, invalid(http.StatusBadRequest, "you must provide a model parameter")
	}
	wire, wrong := decode(body)
	if wrong != nil {
		return query{}, wrong
	}
	if wrong := s.options.foreign(wire); wrong != nil {
		return query{}, wrong
	}
	q, wrong := wire.shape()
	if wrong != nil {
		return query{}, wrong
	}
	q.base64 = q.base64 && !s.options.FloatsOnly
	if q.inputs, wrong = s.inputs(wire.Input); wrong != nil {
		return query{}, wrong
	}
	return s.weigh(q)
}

func decode(body []byte) (wireRequest, *refusal) {
	var wire wireRequest
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&wire)
	if err == nil && decoder.More() {
		err = errors.New("more than one value")
	}
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return wire, nil
	case errors.As(err, &wrongType):
		return wire, invalid(http.StatusBadRequest, "Invalid type for '%s'.", wrongType.Field).about(wrongType.Field).coded("invalid_type")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return wire, invalid(http.StatusBadRequest, "Unrecognized request argument supplied: %s", name)
	}
	return wire, invalid(http.StatusBadRequest, "We could not parse the JSON body of your request.")
}

// foreign refuses what services of this dialect do not know.
func (d Dialect) foreign(wire wireRequest) *refusal {
	switch {
	case d.NoEncoding && wire.EncodingFormat == "base64":
		return invalid(http.StatusUnprocessableEntity, "encoding_format: base64 is not supported").about("encoding_format")
	case d.NoDimensions && wire.Dimensions != nil:
		return invalid(http.StatusBadRequest, "This model does not support matryoshka representation, changing output dimensions will lead to poor results.")
	}
	return nil
}

// shape is what the request asks for beside its inputs.
func (wire wireRequest) shape() (query, *refusal) {
	if wire.Model == nil || *wire.Model == "" {
		return query{}, invalid(http.StatusBadRequest, "you must provide a model parameter")
	}
	model, known := models[*wire.Model]
	if !known {
		return query{}, noModel(*wire.Model)
	}
	q := query{model: *wire.Model, dimensions: model.dimensions}
	switch wire.EncodingFormat {
	case "", "float":
	case "base64":
		q.base64 = true
	default:
		return q, invalid(http.StatusBadRequest, "Invalid value for 'encoding_format'. Supported values are: 'float' and 'base64'.").about("encoding_format")
	}
	if wire.Dimensions == nil {
		return q, nil
	}
	if !model.shortens {
		return q, invalid(http.StatusBadRequest, "This model does not support specifying dimensions.")
	}
	if *wire.Dimensions < 1 || *wire.Dimensions > model.dimensions {
		return q, invalid(http.StatusBadRequest, "Invalid value for 'dimensions' = %d. Must be between 1 and %d.", *wire.Dimensions, model.dimensions).about("dimensions")
	}
	q.dimensions = *wire.Dimensions
	return q, nil
}

// inputs takes the four shapes there are: a text, texts, one row of token ids,
// rows of them.
func (s *Server) inputs(raw json.RawMessage) ([]input, *refusal) {
	var text string
	var texts []string
	var ids []int
	var rows [][]int
	switch {
	case string(raw) == "null" || len(raw) == 0:
		return nil, badInput()
	case json.Unmarshal(raw, &text) == nil:
		return s.ofTexts([]string{text})
	case json.Unmarshal(raw, &texts) == nil:
		return s.ofTexts(texts)
	case json.Unmarshal(raw, &ids) == nil:
		return s.ofTokens([][]int{ids})
	case json.Unmarshal(raw, &rows) == nil:
		return s.ofTokens(rows)
	}
	return nil, badInput()
}

func badInput() *refusal {
	return invalid(http.StatusBadRequest, "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
}

func (s *Server) ofTexts(texts []string) ([]input, *refusal) {
	if wrong := s.checkCount(len(texts)); wrong != nil {
		return nil, wrong
	}
	inputs := make([]input, len(texts))
	for i, text := range texts {
		if text == "" {
			return nil, emptyInput(i)
		}
		inputs[i] = input{text: text, tokens: s.options.Counter.Count(text)}
	}
	return inputs, nil
}

// ofTokens keeps the ids as words: without the vocabulary they cannot be read,
// but equal rows still get equal vectors.
func (s *Server) ofTokens(rows [][]int) ([]input, *refusal) {
	if wrong := s.checkCount(len(rows)); wrong != nil {
		return nil, wrong
	}
	inputs := make([]input, len(rows))
	for i, row := range rows {
		if len(row) == 0 {
			return nil, emptyInput(i)
		}
		inputs[i] = input{text: strings.Trim(fmt.Sprint(row), "[]"), tokens: len(row)}
	}
	return inputs, nil
}

func (s *Server) checkCount(n int) *refusal {
	if n == 0 {
		return badInput()
	}
	if limit := s.options.MaxInputs; n > limit {
		return invalid(http.StatusBadRequest, "Invalid 'input': array too long. Expected an array with maximum length %d, but got an array with length %d instead.", limit, n).
			about("input").coded("array_above_max_length")
	}
	return nil
}

func emptyInput(i int) *refusal {
	return invalid(http.StatusBadRequest, "Invalid 'input[%d]': input cannot be an empty string.", i)
}

// weigh adds the tokens up. The request's limit is held by the real count and
// by the estimate of a token for four bytes, because the service uses either.
func (s *Server) weigh(q query) (query, *refusal) {
	size := 0
	for i, in := range q.inputs {
		if in.tokens > s.options.MaxInputTokens {
			return q, invalid(http.StatusBadRequest, "Invalid 'input[%d]': maximum input length is %d tokens.", i, s.options.MaxInputTokens)
		}
		q.tokens += in.tokens
		size += len(in.text)
	}
	if requested := max(q.tokens, size/4); requested > s.options.MaxTokens {
		return q, tooManyTokens(requested, s.options.MaxTokens)
	}
	return q, nil
}
