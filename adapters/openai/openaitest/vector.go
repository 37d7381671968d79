package openaitest

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
)

// How much the features of a text weigh beside a word that carries meaning.
const (
	pairWeight  = 0.5  // two such words side by side
	printWeight = 0.02 // the exact text: texts of the same words still differ
)

// slots is over how many dimensions a feature is spread: two features then
// seldom share more than one, and none is wholly mistaken for another.
const slots = 8

// vectorOf is the text's vector, of unit length: the same for the same text,
// whatever stands beside it. Texts that share words, or pairs of words, are
// close; each feature counts by the logarithm of how often it occurs. A text
// without words has the direction of its fingerprint alone.
func vectorOf(text string, dimensions int) []float32 {
	sum := make([]float64, dimensions)
	features := featuresOf(text)
	for _, feature := range slices.Sorted(maps.Keys(features)) { // one order: sums of floats depend on it
		scatter(sum, seedOf(feature), features[feature])
	}
	size := norm(sum)
	if size == 0 {
		size = 1
	}
	print := sha256.Sum256([]byte(text))
	for i := range 4 {
		scatter(sum, binary.LittleEndian.Uint64(print[8*i:]), size*printWeight/2)
	}
	return unit(sum)
}

// plainModel is the model whose vectors are vectorOf's own.
const plainModel = "text-embedding-3-small"

// vectorUnder is the text's vector under a model. Each model keeps what is close
// to what and has directions of its own: the axes are shuffled and mirrored by
// its name, so that vectors of two models say nothing about each other.
func vectorUnder(model, text string, dimensions int) []float32 {
	plain := vectorOf(text, dimensions)
	if model == plainModel {
		return plain
	}
	seed := seedOf(model)
	for i := len(plain) - 1; i > 0; i-- {
		seed = mix(seed)
		j := int(seed >> 1 % uint64(i+1)) //nolint:gosec // below the number of dimensions
		plain[i], plain[j] = plain[j], plain[i]
		if seed&1 == 0 {
			plain[i] = -plain[i]
		}
	}
	return plain
}

// blindVector is the text's vector where nothing is to be found by it: as dense as
// the vendor's, and the same for the same text.
func blindVector(model, text string, dimensions int) []float32 {
	seed := seedOf(model + "\x00" + text)
	sum := make([]float64, dimensions)
	for i := range sum {
		seed = mix(seed)
		sum[i] = float64(seed>>11)/(1<<52) - 1 // from -1 to 1
	}
	return unit(sum)
}

// featuresOf weighs the text's stems and the pairs of neighbors.
func featuresOf(text string) map[string]float64 {
	counts := map[string]int{}
	base := map[string]float64{}
	add := func(feature string, weight float64) {
		counts[feature]++
		base[feature] = weight
	}
	before := ""
	for _, word := range words(text) {
		if stopWords[word] {
			add(word, stopWeight)
			before = ""
			continue
		}
		s := stem(word)
		add(s, weightOf(s))
		if before != "" {
			add(before+" "+s, pairWeight)
		}
		before = s
	}
	for feature, n := range counts {
		base[feature] *= 1 + math.Log(float64(n))
	}
	return base
}

// weightOf is how much a stem says about its passage. Figures alone say little.
func weightOf(stem string) float64 {
	if fieldWords[stem] || strings.Trim(stem, "0123456789") == "" {
		return fieldWeight
	}
	return 1
}

func seedOf(feature string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(feature)) // a hash does not fail
	return h.Sum64()
}

// scatter adds a feature with the given weight: to as many dimensions as there
// are slots, each with a sign, both by hash.
func scatter(sum []float64, seed uint64, weight float64) {
	share := weight / math.Sqrt(slots)
	for range slots {
		seed = mix(seed)
		at := seed >> 1 % uint64(len(sum))
		if seed&1 == 0 {
			sum[at] += share
		} else {
			sum[at] -= share
		}
	}
}

// mix is the step of the splitmix64 generator.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func norm(v []float64) float64 {
	var square float64
	for _, x := range v {
		square += x * x
	}
	return math.Sqrt(square)
}

// unit scales to length 1. A vector whose features cancelled out (it can only
// be a very short one) becomes the first axis.
func unit(v []float64) []float32 {
	out := make([]float32, len(v))
	size := norm(v)
	if size < 1e-12 {
		out[0] = 1
		return out
	}
	for i, x := range v {
		out[i] = float32(x / size)
	}
	return out
}
