package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// Whatever the chunks in which storage sends and the parser reads, and however
// the end is told, the right bytes pass unchanged and wrong ones never whole.
func TestC20_TheCheckedBodyIsTheBytesOrAnError(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 1, 3000).Draw(rt, "content")
		sent := bytes.Clone(content)
		wrong := rapid.Bool().Draw(rt, "wrong")
		if wrong {
			at := rapid.IntRange(0, len(sent)-1).Draw(rt, "at")
			sent[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "flip"))
		}
		outside := &chunkReader{sizes: rapid.SliceOfN(rapid.IntRange(0, 700), 1, 8).Draw(rt, "reads")}
		blobs := &shelf{body: awkward(rt, sent), size: int64(len(sent))}
		stage := pipeline.Parsing{Blobs: blobs, Parser: outside, Callback: callback}
		_, err := stage.Make(t.Context(), document(string(content), 1))
		switch {
		case !wrong && (err != nil || !bytes.Equal(outside.received, content)):
			rt.Fatalf("the right bytes: %v, %d of %d arrived", err, len(outside.received), len(content))
		case wrong && !core.HasCode(err, core.CodeFileChanged):
			rt.Fatalf("wrong bytes: %v", err)
		case wrong && len(outside.received) >= len(content):
			rt.Fatal("wrong bytes arrived whole")
		}
	})
}

// awkward is a reader of any legal manners over the bytes.
func awkward(rt *rapid.T, content []byte) io.Reader {
	switch rapid.SampledFrom([]string{"plain", "one byte", "half", "end with data"}).Draw(rt, "storage") {
	case "one byte":
		return iotest.OneByteReader(bytes.NewReader(content))
	case "half":
		return iotest.HalfReader(bytes.NewReader(content))
	case "end with data":
		return willing{iotest.DataErrReader(bytes.NewReader(content))}
	}
	return bytes.NewReader(content)
}

// willing answers an empty read, for which iotest.DataErrReader would loop.
type willing struct{ from io.Reader }

func (w willing) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return w.from.Read(p)
}

// chunkReader is a parser that reads in sizes of its own, nothing included.
type chunkReader struct {
	parser
	sizes []int
}

func (c *chunkReader) Submit(_ context.Context, s core.Submission) (core.Queued, error) {
	for i := 0; ; i++ {
		size := c.sizes[i%len(c.sizes)]
		if i%len(c.sizes) == 0 {
			size++ // a round of empty reads alone would never end
		}
		buffer := make([]byte, size)
		n, err := s.Body.Read(buffer)
		c.received = append(c.received, buffer[:n]...)
		if errors.Is(err, io.EOF) {
			return core.Queued{ProviderJob: "job"}, nil
		}
		if err != nil {
			return core.Queued{}, core.Fail(core.CodeParserUnavailable, err)
		}
	}
}
