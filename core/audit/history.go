package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Outcome is what a client knows of a call.
type Outcome string

// The outcomes of a call.
const (
	OK   Outcome = "ok"   // it was answered as done
	Fail Outcome = "fail" // it was answered as not done
	Info Outcome = "info" // no answer came: it may be done or not
)

func (o Outcome) known() bool { return o == OK || o == Fail || o == Info }

// The calls that a history tells of.
const (
	OpUpload = "upload"
	OpDelete = "delete"
	OpCancel = "cancel"
	OpRetry  = "retry"
)

// Act is one call of a client, as it remembers it.
type Act struct {
	Op      string    `json:"op"`
	ID      core.ID   `json:"id,omitzero"`   // of the document; zero where no answer told it
	Key     string    `json:"key,omitempty"` // the Idempotency-Key, or a stand-in for it
	Outcome Outcome   `json:"outcome"`
	Time    time.Time `json:"time"`
}

// ReadHistory reads acts, one a line of JSON.
func ReadHistory(r io.Reader) (acts []Act, err error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var a Act
		if json.Unmarshal(lines.Bytes(), &a) != nil || a.Op == "" || !a.Outcome.known() {
			return nil, fmt.Errorf("line %d of the history is no act", n)
		}
		acts = append(acts, a)
	}
	return acts, lines.Err()
}

// clients compares what clients were told with what there is: what was
// promised is there, what was deleted is not.
func (c Checker) clients(ctx context.Context) ([]Violation, error) {
	if len(c.History) == 0 {
		return nil, nil
	}
	promised, deleted, asked := map[core.ID]bool{}, map[core.ID]bool{}, map[core.ID]bool{}
	for _, a := range c.History {
		switch {
		case a.Op == OpUpload && a.Outcome == OK:
			promised[a.ID] = true
		case a.Op == OpDelete && a.Outcome == OK:
			deleted[a.ID], asked[a.ID] = true, true
		case a.Op == OpDelete && a.Outcome == Info:
			asked[a.ID] = true
		}
	}
	var ids []core.ID
	for id := range promised {
		ids = append(ids, id)
	}
	for id := range deleted {
		ids = append(ids, id)
	}
	fates, err := c.Database.Fates(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := c.keys()
	for id := range promised {
		switch fate := fates[id]; {
		case !fate.Born:
			found = append(found, Found(UploadLost, id, "promised"))
		case fate.Deleted && !asked[id]:
			found = append(found, Found(UploadErased, id, "nobody asked for it"))
		}
	}
	for id := range deleted {
		if fate := fates[id]; fate.Born && !fate.Deleted {
			found = append(found, Found(DeletionForgot, id, "the deletion was answered as done"))
		}
	}
	return found, nil
}

// keys finds the keys under which two documents were promised.
func (c Checker) keys() (found []Violation) {
	first := map[string]core.ID{}
	for _, a := range c.History {
		if a.Op != OpUpload || a.Outcome != OK || a.Key == "" {
			continue
		}
		if id, seen := first[a.Key]; seen && id != a.ID {
			found = append(found, Found(UploadDoubled, a.ID, "as "+id.String()))
		}
		first[a.Key] = a.ID
	}
	return found
}

// Ledger is what fakes of the outside have in their books.
type Ledger struct {
	ParserJobs   map[string]int `json:"parser_jobs"`   // jobs made, by attempt
	ParserLost   bool           `json:"parser_lost"`   // the parser lost jobs of its own
	Tokens       int            `json:"tokens"`        // embedded and paid for
	UniqueTokens int            `json:"unique_tokens"` // of the distinct texts among them
	Strict       bool           `json:"strict"`        // nothing was lost on the way: no repetition is excused
}

// ledgers looks into the books.
func (c Checker) ledgers(ctx context.Context) ([]Violation, error) {
	if c.Ledger == nil {
		return nil, nil
	}
	erased := 1
	if c.Ledger.ParserLost {
		erased = core.MaxHandovers
	}
	found, err := c.twice(ctx, c.Ledger.ParserJobs, erased)
	if err != nil {
		return nil, err
	}
	if c.Ledger.Strict && float64(c.Ledger.Tokens) > maxPaidPerUnique*float64(c.Ledger.UniqueTokens) {
		found = append(found, Found(PaidTwice, core.ID{}, fmt.Sprintf("%d tokens for %d", c.Ledger.Tokens, c.Ledger.UniqueTokens)))
	}
	return found, nil
}
