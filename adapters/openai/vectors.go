package openai

import (
	"errors"
	"math"

	sdk "github.com/sashabaranov/go-openai"

	"github.com/insurance-navigator/navigator/core"
)

// A vector's norm must lie between these: the model's vectors have unit
// length, and what differs by more than rounding is not one of them.
const (
	minNorm = 0.98
	maxNorm = 1.02
)

// Why an answer's vectors cannot be right.
var (
	errCount     = errors.New("number of vectors is not the number of texts")
	errIndex     = errors.New("indexes are not a permutation")
	errDimension = errors.New("vector of a wrong length")
	errFinite    = errors.New("vector with a number that is not finite")
	errNorm      = errors.New("vector that is not of unit length")
)

// checkVectors puts n vectors into the order of the texts, by the index that
// each carries. One bad vector spoils all: the answer is then not what was
// asked for, and nothing in it can be trusted.
func checkVectors(data []sdk.Embedding, n int) ([][]float32, error) {
	if len(data) != n {
		return nil, errCount
	}
	vectors := make([][]float32, n)
	for _, item := range data {
		if item.Index < 0 || item.Index >= n || vectors[item.Index] != nil {
			return nil, errIndex
		}
		if err := checkVector(item.Embedding); err != nil {
			return nil, err
		}
		vectors[item.Index] = item.Embedding
	}
	return vectors, nil
}

func checkVector(v []float32) error {
	if len(v) != core.Dimensions {
		return errDimension
	}
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	if math.IsNaN(square) || math.IsInf(square, 0) {
		return errFinite
	}
	if norm := math.Sqrt(square); norm < minNorm || norm > maxNorm {
		return errNorm
	}
	return nil
}
