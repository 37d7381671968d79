package openaitest

import (
	"math"
	"slices"
)

// spoilVectors damages the last vector: a check of the first alone misses it.
// Not a number can only be said in base64; in JSON it becomes a server error.
func spoilVectors(vectors [][]float32, kind FaultKind) {
	last := len(vectors) - 1
	switch kind {
	case NullVector:
		vectors[last] = nil
	case WrongDimension:
		vectors[last] = vectors[last][:len(vectors[last])-1]
	case NotANumber:
		vectors[last][0] = float32(math.NaN())
	case ZeroVector:
		clear(vectors[last])
	case LongVector:
		for i := range vectors[last] {
			vectors[last][i] *= 2
		}
	}
}

// spoilItems damages the list. Shuffled items keep each its true index: that
// is allowed, and a client that trusts the order gets it wrong.
func spoilItems(out *wireAnswer, kind FaultKind) {
	switch kind {
	case ShuffledIndex:
		slices.Reverse(out.Data)
	case DuplicateIndex:
		out.Data[len(out.Data)-1].Index = 0
		if len(out.Data) == 1 {
			out.Data[0].Index = 1
		}
	case EmptyData:
		out.Data = []wireItem{}
	}
}
