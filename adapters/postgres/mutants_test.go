package postgres_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// mutator takes every WHERE out of the statements that pass over its
// connections, so that each answers with every row it may see.
type mutator struct {
	mu      sync.Mutex
	mutants map[string]bool
}

var where = regexp.MustCompile(`(?i)\bwhere\b`)

// mutate leaves parameters in their places: "where true or ..." holds always.
func (m *mutator) mutate(sql []byte) []byte {
	if !bytes.Contains(sql, []byte("upload_pipeline.")) || !where.Match(sql) {
		return sql
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mutants[string(sql)] = true
	return where.ReplaceAll(sql, []byte("where true or"))
}

func (m *mutator) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.mutants)
}

// pool is the pool's like, whose statements are mutated.
func (m *mutator) pool(t *testing.T, like *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	config := like.Config()
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &mutated{conn, m}, err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

type mutated struct {
	net.Conn
	by *mutator
}

// Write passes messages of PostgreSQL's protocol on, Parse with another
// statement. The driver writes whole messages; what begins with a zero is the
// start of a connection, which has no type.
func (c *mutated) Write(p []byte) (int, error) {
	var out []byte
	for rest := p; len(rest) > 0; {
		size := len(rest)
		if rest[0] != 0 {
			size = 1 + int(binary.BigEndian.Uint32(rest[1:]))
		}
		message := rest[:size]
		if rest = rest[size:]; message[0] == 'P' {
			message = c.parse(message)
		}
		out = append(out, message...)
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *mutated) parse(message []byte) []byte {
	name, rest, _ := bytes.Cut(message[5:], []byte{0})
	sql, types, _ := bytes.Cut(rest, []byte{0})
	body := slices.Concat(name, []byte{0}, c.by.mutate(sql), []byte{0}, types)
	return append(binary.BigEndian.AppendUint32([]byte{'P'}, uint32(len(body)+4)), body...)
}

// reading is every call of the API's side that reads, asked for somebody else's.
func reading(t *testing.T, l *postgres.Library, who ports.Principal, target ports.Standing) map[string]func() (any, error) {
	t.Helper()
	ctx, id := t.Context(), target.Document
	return map[string]func() (any, error){
		"Standing":  func() (any, error) { return l.Standing(ctx, who, id) },
		"Standings": func() (any, error) { return l.Standings(ctx, who, []core.ID{id}) },
		"Find":      func() (any, error) { return l.Find(ctx, who, target.SHA256) },
		"List":      func() (any, error) { return l.List(ctx, who, ports.Listing{Limit: 100}) },
		"Chunks":    func() (any, error) { return l.Chunks(ctx, who, id, 0, 100) },
		"Deletion":  func() (any, error) { return l.Deletion(ctx, who, id) },
		"Search":    func() (any, error) { return l.Search(ctx, who, ports.Query{Vector: unit(1), Limit: 100}) },
		"Words":     func() (any, error) { return l.Search(ctx, who, ports.Query{Text: "deductible", Limit: 100}) },
		"News":      func() (any, error) { return l.News(ctx, who, []ports.Mark{{Document: id}}) },
		"Announced": func() (any, error) { return l.Announced(ctx, who, id) },
		"Keys":      func() (any, error) { return l.Keys(ctx, who) },
		"MayAdd":    func() (any, error) { return nil, l.MayAdd(ctx, who, 1000) },
	}
}

// writing is every call of the API's side that changes something of somebody
// else's.
func writing(t *testing.T, l *postgres.Library, who ports.Principal, target ports.Standing, key core.ID) map[string]func() error {
	t.Helper()
	ctx, id := t.Context(), target.Document
	return map[string]func() error{
		"Forsake":  func() error { return l.Forsake(ctx, who, target.Key) },
		"Look":     func() error { _, err := l.Look(ctx, who, id, time.Hour); return err },
		"Notice":   func() error { return l.Notice(ctx, who, id) },
		"Withdraw": func() error { return l.Withdraw(ctx, who, id, core.UploadCancelled) },
		"Revoke":   func() error { return l.Revoke(ctx, who, key) },
		"Retry":    func() error { _, err := l.Retry(ctx, who, id); return err },
		"Cancel":   func() error { _, err := l.Cancel(ctx, who, id); return err },
		"Remove":   func() error { return l.Remove(ctx, who, id) },
	}
}

// foreign lists what of the owner's stands in an answer.
func (h *house) foreign(owner ports.Principal, answer any) (found []string) {
	h.t.Helper()
	text := fmt.Sprintf("%+v", answer)
	for _, id := range append(h.list(`select document_id::text from upload_pipeline.events where user_id = $1
		union select chunk_id::text from upload_pipeline.document_chunks where user_id = $1
		union select key_id::text from upload_pipeline.api_keys where user_id = $1
		union select document_id::text from upload_pipeline.upload_intents where user_id = $1`, owner.User), owner.User.String()) {
		if strings.Contains(text, id) {
			found = append(found, id)
		}
	}
	return found
}

// survived runs a call over mutated statements: one whose rows are not of the
// shape that our code can read answers with nothing.
func survived(call func() (any, error)) (answer any, err error) {
	defer func() {
		if value := recover(); value != nil {
			answer, err = nil, fmt.Errorf("the mutant broke the call: %v", value)
		}
	}()
	return call()
}

// S02: with every WHERE taken out of every statement, row security alone still
// shows and changes nothing of anybody else's. Then row security is taken away,
// and the same calls do show it: the mutants bite.
func TestS02_WithoutAnyWhereNothingForeignIsReached(t *testing.T) {
	h := open(t)
	ada, bob, _, bobs := h.peopled()
	bobsKeys, err := h.library.Keys(t.Context(), bob)
	if err != nil {
		t.Fatal(err)
	}
	m := &mutator{mutants: map[string]bool{}}
	library := postgres.NewLibrary(m.pool(t, h.app), h.queue)
	before := h.rowsOf(bob)
	answered := 0
	for name, call := range reading(t, library, ada, bobs) {
		answer, err := survived(call)
		if found := h.foreign(bob, answer); len(found) > 0 {
			t.Errorf("%s shows bob's %q", name, found)
		}
		if err == nil {
			answered++
		}
	}
	calls := writing(t, library, ada, bobs, bobsKeys[0].ID)
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		_, err := survived(func() (any, error) { return nil, calls[name]() })
		t.Logf("%s: %v", name, err)
	}
	if diff := cmp.Diff(before, h.rowsOf(bob)); diff != "" {
		t.Errorf("bob's rows changed:\n%s", diff)
	}
	if answered < 8 || m.count() < 20 {
		t.Errorf("%d calls answered, %d statements were mutated: too little was tried", answered, m.count())
	}
	for _, table := range h.tables() {
		h.exec(`alter table ` + table + ` disable row level security`)
	}
	bitten := 0
	for _, call := range reading(t, library, ada, bobs) {
		if answer, _ := survived(call); len(h.foreign(bob, answer)) > 0 {
			bitten++
		}
	}
	if bitten < 6 {
		t.Errorf("without row security %d calls show bob's rows: the mutants do not bite", bitten)
	}
	t.Logf("%d statements without their WHERE; without row security %d of %d readings show foreign rows", m.count(), bitten, len(reading(t, library, ada, bobs)))
}
