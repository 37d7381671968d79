package core_test

import (
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
)

// chainOf makes a chain of n rows, and its head.
func chainOf(n int) (rows []core.AuditRow, head core.AuditHead) {
	head.FirstSeq = 1
	for i := range n {
		r := core.AuditRow{Seq: int64(i + 1), At: time.UnixMicro(int64(i)), From: core.Origin{Service: "api"}, AuditEntry: core.AuditEntry{
			Actor: core.ActorUser, User: core.NewID(), Action: core.AuditSearch, Documents: []core.ID{core.NewID()}, Outcome: core.AuditDone, Times: 1}}
		r.Hash = r.Chained(head.Hash)
		rows, head.Seq, head.Hash = append(rows, r), r.Seq, r.Hash
	}
	return rows, head
}

func follow(rows []core.AuditRow, head core.AuditHead, anchors map[int64][32]byte) []core.AuditFault {
	chain := core.StartAuditChain(head, anchors)
	for _, r := range rows {
		chain.Add(r)
	}
	_, faults := chain.End()
	return faults
}

// Any one change to any one row is told, at that row or at the gap it leaves.
func TestS41_TheChainTellsEveryDamage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(rt, "rows")
		rows, head := chainOf(n)
		i := rapid.IntRange(0, n-1).Draw(rt, "at")
		r := &rows[i]
		switch rapid.IntRange(0, 8).Draw(rt, "damage") {
		case 0:
			rows = append(rows[:i], rows[i+1:]...)
		case 1:
			j := (i + 1) % n
			rows[i], rows[j] = rows[j], rows[i]
			rows[i].Seq, rows[j].Seq = rows[j].Seq, rows[i].Seq
		case 2:
			r.User = core.NewID()
		case 3:
			r.At = r.At.Add(time.Microsecond)
		case 4:
			r.Documents = nil
		case 5:
			r.Outcome = core.AuditRefused
		case 6:
			r.From.Network = "192.0.2.1"
		case 7:
			r.Times++
		case 8:
			r.Operator = "ada"
		}
		if len(follow(rows, head, nil)) == 0 {
			rt.Fatal("not found")
		}
	})
}

func TestS41_AnAnchorHoldsWhatAChainMadeAnewDoesNot(t *testing.T) {
	t.Parallel()
	_, head := chainOf(5)
	anchors := map[int64][32]byte{head.Seq: head.Hash}
	forged, forgedHead := chainOf(5)
	if faults := follow(forged, forgedHead, nil); len(faults) != 0 {
		t.Fatalf("a chain made anew is one: %v", faults)
	}
	if faults := follow(forged, forgedHead, anchors); len(faults) != 1 {
		t.Errorf("against the anchor: %v", faults)
	}
	short, shortHead := chainOf(3)
	if faults := follow(short, shortHead, anchors); len(faults) != 1 || faults[0].Seq != 5 {
		t.Errorf("cut off: %v", faults)
	}
}

func TestAnAnchorIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	_, head := chainOf(3)
	if seq, hash, err := core.ParseAnchor(head.Anchor()); err != nil || seq != 3 || hash != head.Hash {
		t.Errorf("%d %x %v", seq, hash, err)
	}
	for _, bad := range []string{"", "3", "3:", "x:" + head.Anchor()[2:], "-1" + head.Anchor()[1:], head.Anchor() + "00"} {
		if _, _, err := core.ParseAnchor(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// The database takes every action, and each word once.
func TestTheWordsOfTheAuditLogAreAClosedList(t *testing.T) {
	t.Parallel()
	form, seen := regexp.MustCompile(`^[a-z_]{1,40}$`), map[core.AuditAction]bool{}
	for _, action := range core.AuditActions() {
		if !form.MatchString(string(action)) || seen[action] {
			t.Errorf("%q has another form, or is there twice", action)
		}
		seen[action] = true
	}
	for _, code := range core.Codes() {
		if kind, ok := core.SecurityOf(code); ok && !seen[core.AuditAction(kind)] {
			t.Errorf("%s becomes %s, which is no action", code, kind)
		}
	}
}
