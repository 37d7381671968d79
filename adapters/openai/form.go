package openai

import (
	"context"
	"errors"

	sdk "github.com/sashabaranov/go-openai"

	"github.com/insurance-navigator/navigator/core"
)

// form is how a request is put. The zero form is OpenAI's: vectors in base64, a
// third of the bytes and of the time to read them, and the number of dimensions
// named. Services that speak the same interface may know neither.
type form struct {
	floats bool // vectors as numbers
	native bool // as many dimensions as the model has by itself
}

func (f form) request(model string, texts []string) sdk.EmbeddingRequest {
	request := sdk.EmbeddingRequest{Input: texts, Model: sdk.EmbeddingModel(model),
		EncodingFormat: sdk.EmbeddingEncodingFormatBase64, Dimensions: core.Dimensions}
	if f.floats {
		request.EncodingFormat = sdk.EmbeddingEncodingFormatFloat
	}
	if f.native {
		request.Dimensions = 0 // leaves the field out
	}
	return request
}

// instead is the form to try where an answer shows that the service does not
// know this one; false says that the form is not at fault. Each part is given
// up once, so there are two tries more at most.
func (f form) instead(err error) (form, bool) {
	switch {
	case !f.floats && (errors.Is(err, errFloats) || errors.Is(err, errEncoding)):
		return form{floats: true, native: f.native}, true
	case !f.native && errors.Is(err, errDimensions):
		return form{floats: f.floats, native: true}, true
	}
	return f, false
}

// send sends in the form that last worked, else in the others. The caller keeps
// the form once the vectors are known to be good: a service that answers with
// numbers where base64 was asked for is paid twice for that one batch only.
func (e *Embedder) send(ctx context.Context, texts []string) (sdk.EmbeddingResponse, form, error) {
	used := *e.form.Load()
	for {
		res, err := e.sendAs(ctx, texts, used)
		next, again := used.instead(err)
		if !again {
			return res, used, err
		}
		used = next
	}
}
