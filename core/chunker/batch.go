package chunker

// bytesPerToken is the rate of the byte estimate. A token is at least one byte,
// so 100,000 tokens by this estimate are at most the 300,000 that the provider
// takes in a request, whatever its tokenizer makes of the text.
const bytesPerToken = 3

// The size of one request to the embedder: well under what the provider refuses
// (2,048 inputs, 300,000 tokens), so that a batch is small work to repeat.
const (
	BatchInputs = 256
	BatchTokens = 100_000
)

// Batch tells how many of the leading chunks fit one embedding request: at most
// maxInputs, and at most maxTokens both by their token counts and by a
// third of their bytes. The second holds even if the counter counts otherwise
// than the provider does.
//
// It is at least 1 where there is a chunk, so that a chunk over the limit gets
// the provider's verdict instead of waiting for ever. tokens[i] and bytes[i]
// are of one chunk; where the slices differ in length the shorter one counts.
func Batch(tokens, bytes []int, maxInputs, maxTokens int) int {
	most := min(len(tokens), len(bytes))
	counted, estimated := 0, 0
	for i := range most {
		counted += tokens[i]
		estimated += (bytes[i] + bytesPerToken - 1) / bytesPerToken
		if i > 0 && (i >= maxInputs || counted > maxTokens || estimated > maxTokens) {
			return i
		}
	}
	return most
}
