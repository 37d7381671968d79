package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// dnsSpace is RFC 9562's namespace of domain names.
const dnsSpace = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

func mustID(t testing.TB, s string) ID {
	t.Helper()
	id, err := ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestDerivedIDEqualsTheRFCsExample(t *testing.T) {
	t.Parallel()
	const want = "2ed6657d-e927-568b-95e1-2665a8aea6a2" // RFC 9562, A.4
	if got := DerivedID(mustID(t, dnsSpace), "www.example.com").String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNewIDIsVersion7OfNow(t *testing.T) {
	t.Parallel()
	before := time.Now().UnixMilli()
	id := NewID()
	after := time.Now().UnixMilli()
	if id[6]>>4 != 7 || id[8]>>6 != 2 {
		t.Errorf("%s: version %d, variant %b", id, id[6]>>4, id[8]>>6)
	}
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	if ms < before || ms > after {
		t.Errorf("made at %d, between %d and %d", ms, before, after)
	}
}

func TestNewIDsSortByTheirMillisecond(t *testing.T) {
	t.Parallel()
	seen := map[ID]bool{}
	last := NewID()
	for range 10_000 {
		id := NewID()
		if bytes.Compare(id[:6], last[:6]) < 0 || (id.String() < last.String() && !bytes.Equal(id[:6], last[:6])) {
			t.Fatalf("%s after %s", id, last)
		}
		if seen[id] {
			t.Fatalf("%s twice", id)
		}
		seen[id], last = true, id
	}
}

func TestParseIDReadsWhatStringWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var id ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		for _, s := range []string{id.String(), strings.ToUpper(id.String())} {
			if got, err := ParseID(s); err != nil || got != id {
				t.Fatalf("ParseID(%q) is %s, %v", s, got, err)
			}
		}
	})
}

func TestParseIDRefusesOtherForms(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "0", dnsSpace[:35], dnsSpace + "0", "{" + dnsSpace + "}", "urn:uuid:" + dnsSpace,
		strings.ReplaceAll(dnsSpace, "-", ""), strings.Replace(dnsSpace, "6", "g", 1),
		strings.Replace(dnsSpace, "-", "_", 1), " " + dnsSpace[1:], "6ba7b8109-dad-11d1-80b4-00c04fd430c8",
	} {
		if id, err := ParseID(s); !errors.Is(err, ErrBadID) || !id.IsZero() {
			t.Errorf("ParseID(%q) is %s, %v", s, id, err)
		}
	}
}

func TestIDStandsInJSONAsItsText(t *testing.T) {
	t.Parallel()
	type body struct {
		ID ID `json:"id"`
	}
	const text = `{"id":"` + dnsSpace + `"}`
	out, err := json.Marshal(body{mustID(t, dnsSpace)})
	if err != nil || string(out) != text {
		t.Errorf("Marshal is %s, %v", out, err)
	}
	var in body
	if err := json.Unmarshal([]byte(text), &in); err != nil || in.ID.String() != dnsSpace {
		t.Errorf("Unmarshal is %s, %v", in.ID, err)
	}
	if err := json.Unmarshal([]byte(`{"id":"nonsense"}`), &in); !errors.Is(err, ErrBadID) || in.ID.String() != dnsSpace {
		t.Errorf("Unmarshal of nonsense is %s, %v", in.ID, err)
	}
}

func TestChunkIDsDifferByAllTheyAreMadeOf(t *testing.T) {
	t.Parallel()
	document := mustID(t, dnsSpace)
	id := ChunkID(document, "markdown@1:512/64", 0)
	if id != ChunkID(document, "markdown@1:512/64", 0) || id[6]>>4 != 5 {
		t.Errorf("%s is not a version 5 id for ever", id)
	}
	for _, other := range []ID{
		ChunkID(document, "markdown@1:512/64", 1),
		ChunkID(document, "markdown@1:512/65", 0),
		ChunkID(ChunkSpace, "markdown@1:512/64", 0),
	} {
		if other == id {
			t.Errorf("%s twice", id)
		}
	}
}
