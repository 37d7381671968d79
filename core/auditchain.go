package core

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// AuditRow is an entry in its place in the chain.
type AuditRow struct {
	AuditEntry

	Seq  int64 // 1 and on, without a gap
	At   time.Time
	From Origin // without its Operator, which is the entry's
	Hash [32]byte
}

// AuditHead is both ends of the chain.
type AuditHead struct {
	Seq       int64 // of the last row; 0 before the first
	Hash      [32]byte
	FirstSeq  int64 // of the first row that is kept
	FirstHash [32]byte
}

// Anchor is the chain's end as it is logged and noted elsewhere: the rows up to
// it can no longer be replaced unseen.
func (h AuditHead) Anchor() string {
	return strconv.FormatInt(h.Seq, 10) + ":" + hex.EncodeToString(h.Hash[:])
}

// ParseAnchor reads what Anchor wrote.
func ParseAnchor(text string) (seq int64, hash [32]byte, err error) {
	number, digits, _ := strings.Cut(text, ":")
	seq, failed := strconv.ParseInt(number, 10, 64)
	raw, broken := hex.DecodeString(digits)
	if failed != nil || broken != nil || len(raw) != len(hash) || seq < 0 {
		return 0, hash, fmt.Errorf("an anchor is NUMBER:HASH, with 64 hexadecimal digits")
	}
	return seq, [32]byte(raw), nil
}

// text is the row as it is hashed; the database's audit_text makes the same.
func (r AuditRow) text() string {
	documents := make([]string, len(r.Documents))
	for i, id := range r.Documents {
		documents[i] = id.String()
	}
	return strings.Join([]string{
		strconv.FormatInt(r.Seq, 10), strconv.FormatInt(r.At.UnixMicro(), 10), r.From.Service, string(r.Actor), idText(r.User),
		string(r.Action), r.What, strings.Join(documents, ","), r.From.Network, idText(r.From.Request), string(r.Outcome),
		strconv.Itoa(r.Times), r.Operator,
	}, "|")
}

func idText(id ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// Chained is the hash that the row has after a row with the former one.
func (r AuditRow) Chained(former [32]byte) [32]byte {
	return sha256.Sum256(append(former[:], r.text()...))
}

// AuditFault is a place where the log is not as it was written.
type AuditFault struct {
	Seq  int64  `json:"seq"`
	What string `json:"what"`
}

// AuditChain follows the log row by row and notes what is not as it was
// written. Begin it with StartAuditChain; add every row in order; then End.
type AuditChain struct {
	head    AuditHead
	next    int64
	former  [32]byte
	anchors map[int64][32]byte
	faults  []AuditFault
	rows    int64
}

// StartAuditChain begins at the head's first row. Anchors are hashes of rows
// that were noted elsewhere.
func StartAuditChain(head AuditHead, anchors map[int64][32]byte) *AuditChain {
	return &AuditChain{head: head, next: head.FirstSeq, former: head.FirstHash, anchors: anchors}
}

// Add looks at the next row. After a fault it goes on with the row's own hash,
// so that one fault is told once.
func (c *AuditChain) Add(r AuditRow) {
	c.rows++
	if r.Seq != c.next {
		c.fault(c.next, fmt.Sprintf("rows are missing: %d to %d", c.next, r.Seq-1))
	} else if r.Chained(c.former) != r.Hash {
		c.fault(r.Seq, "the row was changed, or is not in its place")
	}
	if anchor, ok := c.anchors[r.Seq]; ok && anchor != r.Hash {
		c.fault(r.Seq, "the row is not the one that the anchor was taken of")
	}
	c.next, c.former = r.Seq+1, r.Hash
}

// End tells how many rows there were and what was found.
func (c *AuditChain) End() (rows int64, faults []AuditFault) {
	last := c.next - 1
	switch {
	case last < c.head.Seq:
		c.fault(c.next, fmt.Sprintf("rows are missing at the end: %d to %d", c.next, c.head.Seq))
	case last > c.head.Seq:
		c.fault(c.head.Seq+1, "rows were added behind the end")
	case c.former != c.head.Hash:
		c.fault(last, "the last row is not the one that was sealed last")
	}
	for seq := range c.anchors {
		if seq > last && seq > 0 {
			c.fault(seq, "the anchor's row is not there: the end was cut off")
		}
	}
	return c.rows, c.faults
}

func (c *AuditChain) fault(seq int64, what string) {
	c.faults = append(c.faults, AuditFault{seq, what})
}
