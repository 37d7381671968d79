package smoke

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

// goneWithin bounds the wait for what a deletion leaves to be purged.
const goneWithin = 2 * time.Minute

// within starts the services and walks the way; it ends when they have stopped.
func (s *run) within(ctx context.Context, log *slog.Logger) error {
	services, err := start(ctx, s.config, log)
	if err != nil {
		return err
	}
	return errors.Join(s.walk(ctx, services.api), services.close())
}

func (s *run) walk(ctx context.Context, api string) error {
	way, user, err := s.signIn(ctx, api)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	accepted, err := s.upload(context.WithoutCancel(ctx), way)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	s.Screen.Say("uploaded: document %s", show.Clean(accepted.DocumentID))
	err = s.serve(ctx, way, accepted.DocumentID)
	return errors.Join(err, s.remove(context.WithoutCancel(ctx), way, user, accepted.DocumentID))
}

// takenWithin bounds the upload.
const takenWithin = 2 * time.Minute

// upload sends the document. An interrupt does not cut it off: one that was
// taken, and whose answer nobody heard, could not be removed.
func (s *run) upload(ctx context.Context, way *client.Client) (client.Accepted, error) {
	ctx, cancel := context.WithTimeout(ctx, takenWithin)
	defer cancel()
	return way.Upload(ctx, client.File{Name: s.doc.Name, Content: bytes.NewReader(s.doc.Bytes), Size: int64(len(s.doc.Bytes))})
}

// signIn is the account's client: the one that was named, or a new one.
func (s *run) signIn(ctx context.Context, api string) (*client.Client, string, error) {
	door, err := client.New(api, client.Options{})
	if err != nil {
		return nil, "", err
	}
	signIn := func() (client.Session, error) { return door.Login(ctx, s.Email, s.Password) }
	if s.Email == "" {
		email := "smoke-" + core.NewID().String() + "@example.com"
		signIn = func() (client.Session, error) {
			return door.SignUp(ctx, client.SignUp{Email: email, Password: client.Secret(rand.Text()), ConsentVersion: "smoke",
				ConsentTimestamp: time.Now().UTC().Format(time.RFC3339)})
		}
		s.Screen.Say("account:  %s, made for this run; nobody knows its password", email)
	}
	got, err := signIn()
	if err != nil {
		return nil, "", err
	}
	way, err := client.New(api, client.Options{Tokens: session.Fixed(got.AccessToken)})
	return way, got.User.ID, err
}

// serve follows the document to its end, shows how long each status took, and
// searches for what stands on its last page.
func (s *run) serve(ctx context.Context, way *client.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, s.Within)
	defer cancel()
	doc, err := way.Follow(ctx, id, client.Watch{Step: func(_ client.Document, r client.Reached) {
		s.Screen.Say("%9.2fs  %s", r.After.Seconds(), r.Status)
	}})
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	s.timings(doc)
	if core.Status(doc.Status) != core.Complete {
		return failure(doc)
	}
	if doc.Pages != s.doc.Pages || len(doc.FailedPages) > 0 || doc.Chunks.Done == 0 {
		return fmt.Errorf("complete with %d pages of %d, %d of them failed, and %d chunks", doc.Pages, s.doc.Pages, len(doc.FailedPages), doc.Chunks.Done)
	}
	return s.search(ctx, way, id)
}

func failure(doc client.Document) error {
	if doc.LastError == nil {
		return fmt.Errorf("the document ended as %s", doc.Status)
	}
	return fmt.Errorf("the document ended as %s: %s (%s): %s %s", doc.Status, show.Clean(doc.LastError.Code), doc.Stage,
		show.Clean(doc.LastError.Message), show.Clean(doc.LastError.Advice))
}

func (s *run) timings(doc client.Document) {
	rows := [][]string{{"STATUS", "SECONDS"}}
	for _, status := range core.Way() {
		if ms, ok := doc.Timings[string(status)]; ok {
			rows = append(rows, []string{string(status), strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64)})
		}
	}
	s.Screen.Table(rows)
	s.Screen.Say("pages: %d, chunks: %d", doc.Pages, doc.Chunks.Done)
}

// search asks by vectors for a sentence of the last page and wants that page.
func (s *run) search(ctx context.Context, way *client.Client, id string) error {
	found, err := way.Search(ctx, client.Question{Query: s.question(), Limit: 3, Documents: []string{id}, RequireVectors: true})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if len(found.Results) == 0 {
		return errors.New("the search found nothing")
	}
	best, want := found.Results[0], s.wanted().Page
	if best.DocumentID != id || want < best.PageFrom || want > best.PageTo {
		return fmt.Errorf("the search found pages %d to %d, and not page %d", best.PageFrom, best.PageTo, want)
	}
	s.Screen.Say("search:   page %d, score %.2f, found by a sentence of page %d", best.PageFrom, best.Score, want)
	return nil
}

// remove deletes the document and waits until nothing of it is left, neither
// rows nor file; the parser's copies are deleted before both.
func (s *run) remove(ctx context.Context, way *client.Client, user, id string) error {
	ctx, cancel := context.WithTimeout(ctx, goneWithin)
	defer cancel()
	if _, err := way.Delete(ctx, id); err != nil {
		return fmt.Errorf("document %s is not deleted: %w", id, err)
	}
	if err := s.left(ctx, way, user, id); err != nil {
		return fmt.Errorf("document %s is deleted, but not all of it is removed yet: %w", id, err)
	}
	if _, err := way.Status(ctx, id); !client.HasStatus(err, http.StatusNotFound) {
		return errors.Join(fmt.Errorf("document %s is removed, and asking for it is not answered as for an unknown one", id), err)
	}
	s.Screen.Say("deleted:  the parser's copies, the file and all rows")
	return nil
}

// gone looks every second until the purge has ended.
func (s *run) gone(ctx context.Context, _ *client.Client, user, id string) error {
	owner, err := core.ParseID(user)
	if err != nil {
		return err
	}
	document, err := core.ParseID(id)
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		left, err := s.config.Inspect(ctx, owner, document)
		if err != nil {
			return err
		}
		if !left.Any() {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("rows there: %v, file there: %v", left.Rows, left.File)
		}
	}
}
