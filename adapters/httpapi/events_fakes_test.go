package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// memJournal keeps documents with their events, numbered over all documents.
type memJournal struct {
	faults
	lock  sync.Mutex
	last  int64
	docs  map[core.ID]*memDocument
	calls int
	asked []int // marks of each call that did not begin a stream
}

type memDocument struct {
	owner    core.ID
	standing *ports.Standing
	events   []ports.Event
}

func newJournal() *memJournal { return &memJournal{docs: map[core.ID]*memDocument{}} }

// upload makes a document of the owner's, of one chunk progress and the status
// uploaded.
func (j *memJournal) upload(owner core.ID) core.ID {
	id := core.NewID()
	j.lock.Lock()
	j.docs[id] = &memDocument{owner: owner, standing: &ports.Standing{Document: id, Name: "policy.pdf", Attempt: 1, CreatedAt: time.Now()}}
	j.lock.Unlock()
	j.move(id, core.Uploaded)
	return id
}

// move changes the status; it gives the event's number.
func (j *memJournal) move(id core.ID, to core.Status) int64 {
	j.lock.Lock()
	defer j.lock.Unlock()
	j.last++
	doc := j.docs[id]
	e := ports.Event{ID: j.last, Document: id, Attempt: 1, Was: doc.standing.Status, Status: to, At: time.Now(), Lasted: time.Second}
	standing := *doc.standing
	standing.Status, standing.UpdatedAt = to, e.At
	if to.Failed() {
		e.Code = core.CodeParseFailed
		standing.Trouble = &core.Trouble{Code: e.Code, Stage: core.Parse}
	} else {
		standing.LastGood = to
	}
	doc.standing, doc.events = &standing, append(doc.events, e)
	return e.ID
}

// embed sets the chunks' progress, and a long name where one is given.
func (j *memJournal) embed(id core.ID, done, total int, name string) {
	j.lock.Lock()
	defer j.lock.Unlock()
	standing := *j.docs[id].standing
	standing.Embedded, standing.Chunks, standing.Name = done, total, name
	j.docs[id].standing = &standing
}

// erase leaves the events alone.
func (j *memJournal) erase(id core.ID) {
	j.lock.Lock()
	defer j.lock.Unlock()
	j.docs[id].standing = nil
}

func (j *memJournal) News(ctx context.Context, who ports.Principal, marks []ports.Mark) (news []ports.News, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := j.of("News"); err != nil {
		return nil, err
	}
	j.lock.Lock()
	defer j.lock.Unlock()
	j.calls++
	if len(marks) != 1 || marks[0].Done != ports.Unseen {
		j.asked = append(j.asked, len(marks))
	}
	for _, m := range marks {
		if n, ok := j.newsOf(who, m); ok {
			news = append(news, n)
		}
	}
	return news, nil
}

func (j *memJournal) newsOf(who ports.Principal, m ports.Mark) (n ports.News, there bool) {
	n.Mark.Document = m.Document
	doc := j.docs[m.Document]
	if doc == nil || doc.owner != who.User {
		return n, true
	}
	n.Mark.Event = doc.events[len(doc.events)-1].ID
	if doc.standing != nil {
		n.Standing = doc.standing
		n.Mark.Done, n.Mark.Total = doc.standing.Embedded, doc.standing.Chunks
	}
	for _, e := range doc.events {
		if m.Event != ports.Latest && e.ID > m.Event {
			n.Events = append(n.Events, e)
		}
	}
	return n, n.Standing == nil || n.Mark != m
}

// rounds is how many documents each round of a poller asked for.
func (j *memJournal) rounds() []int {
	j.lock.Lock()
	defer j.lock.Unlock()
	return slices.Clone(j.asked)
}

var _ ports.Journal = (*memJournal)(nil)

// sseEvent is one event as a client reads it.
type sseEvent struct {
	id, event, retry, data string
}

func (e sseEvent) json(t testing.TB) (fields map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(e.data), &fields); err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	return fields
}

// listener is a client of one stream.
type listener struct {
	t      testing.TB
	header http.Header
	status int
	came   chan sseEvent // closed at the stream's end
	cut    context.CancelFunc
}

// listen opens a stream; headers are pairs.
func (b *bench) listen(path, token string, headers ...string) *listener {
	b.t.Helper()
	ctx, cut := context.WithCancel(context.Background())
	b.t.Cleanup(cut)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.server.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	l := &listener{t: b.t, header: res.Header, status: res.StatusCode, came: make(chan sseEvent, 1024), cut: cut}
	go func() {
		defer res.Body.Close() //nolint:errcheck // read to its end
		defer close(l.came)
		readEvents(bufio.NewReader(res.Body), l.came)
	}()
	return l
}

func readEvents(r *bufio.Reader, came chan<- sseEvent) {
	var e sseEvent
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "retry":
			e.retry = value
		case "data":
			e.data = value
		case "":
			came <- e
			e = sseEvent{}
		}
	}
}

// next waits for the next event that is no heartbeat.
func (l *listener) next() sseEvent {
	l.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e, open := <-l.came:
			if !open {
				l.t.Fatal("the stream is over")
			}
			if e.event != eventHeartbeat {
				return e
			}
		case <-deadline:
			l.t.Fatal("no event came")
		}
	}
}

// is waits for the next event and holds its name and number.
func (l *listener) is(event string, id int64) sseEvent {
	l.t.Helper()
	e := l.next()
	want := ""
	if id > 0 {
		want = strconv.FormatInt(id, 10)
	}
	if e.event != event || e.id != want {
		l.t.Fatalf("%+v came, want %s %s", e, event, want)
	}
	return e
}

// ends waits for the end, its reason, and the close of the stream.
func (l *listener) ends(why endReason) {
	l.t.Helper()
	if got := l.is(eventEnd, 0).json(l.t)["reason"]; got != string(why) {
		l.t.Fatalf("the stream ended: %v, want %s", got, why)
	}
	l.closed()
}

func (l *listener) closed() {
	l.t.Helper()
	select {
	case e, open := <-l.came:
		if open {
			l.t.Fatalf("%+v after the end", e)
		}
	case <-time.After(20 * time.Second):
		l.t.Fatal("the stream stays open")
	}
}

// quick is a door whose streams look for news all the time.
func quick(change ...func(*APIDeps)) func(*APIDeps) {
	return func(d *APIDeps) {
		d.Limits.StreamTick, d.Limits.StreamIdleTick = time.Millisecond, 2*time.Millisecond
		for _, c := range change {
			c(d)
		}
	}
}

func eventsPath(id core.ID) string { return "/documents/" + id.String() + "/events" }

// briefVerifier signs everybody in as ada for a short time.
type briefVerifier struct{ life time.Duration }

// Verify signs in whoever comes.
func (v briefVerifier) Verify(context.Context, string) (ports.Principal, error) {
	return ports.Principal{User: ada.ID, ExpiresAt: time.Now().Add(v.life)}, nil
}

// logged waits until the log holds the text.
func (b *bench) logged(text string) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(b.log.String(), text) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s is not logged: %s", text, b.log)
		}
		time.Sleep(time.Millisecond) // a log signals nothing: it is looked at until the deadline above
	}
}
