package llamaparse_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func TestParserConformsOverTheFake(t *testing.T) {
	t.Parallel()
	portstest.Parser(t, func(t *testing.T) portstest.ParserRig {
		return portstest.ParserRig{Parser: newBench(t).Parser, Outside: true,
			Good:   portstest.Sample{Type: portstest.PDF, Bytes: []byte(threePage), Pages: []string{"Deductible 500", "page two", "page three"}},
			Broken: portstest.Sample{Type: portstest.PDF, Bytes: []byte("!" + string(core.CodeFileBroken)), Pages: []string{""}},
		}
	})
}
