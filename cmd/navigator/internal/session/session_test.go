package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
)

// door signs in and trades refresh tokens once each, as the service does.
type door struct {
	mu       sync.Mutex
	n        int
	life     time.Duration // of the sessions it gives
	valid    client.Secret // the refresh token that may be traded
	logins   []string
	refreshs int
	err      error // of Refresh, when set
}

func (d *door) next() client.Session {
	d.n++
	d.valid = client.Secret(fmt.Sprintf("refresh-%d", d.n))
	return client.Session{AccessToken: client.Secret(fmt.Sprintf("access-%d", d.n)), RefreshToken: d.valid,
		ExpiresAt: time.Now().Add(d.life).Unix()}
}

func (d *door) Login(_ context.Context, email string, _ client.Secret) (client.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logins = append(d.logins, email)
	return d.next(), nil
}

func (d *door) Refresh(_ context.Context, token client.Secret) (client.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refreshs++
	if d.err != nil {
		return client.Session{}, d.err
	}
	if token != d.valid {
		return client.Session{}, &client.Problem{Status: http.StatusUnauthorized, Code: "token_reused"}
	}
	return d.next(), nil
}

func writeProfile(t *testing.T, dir string, mode os.FileMode, url string) {
	t.Helper()
	folder := filepath.Join(dir, ".local")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"url": url, "email": "demo@example.com", "password": "demo-password"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "navigator.json"), text, mode); err != nil {
		t.Fatal(err)
	}
}

func local(t *testing.T) session.Place {
	t.Helper()
	dir := t.TempDir()
	writeProfile(t, dir, 0o600, "http://127.0.0.1:8000")
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(filepath.Join(below, ".local"), 0o700); err != nil { // one without a profile is passed by
		t.Fatal(err)
	}
	place, err := session.Settle("", below, "")
	if err != nil {
		t.Fatal(err)
	}
	return place
}

func TestProfileIsFoundAboveAndSignsInByItself(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: time.Hour}
	for range 3 {
		token, err := session.New(place, d).Token(t.Context(), "")
		if err != nil || token != "access-1" {
			t.Fatalf("got %q, %v", string(token), err)
		}
	}
	if diff := cmp.Diff([]string{"demo@example.com"}, d.logins); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(place.File)
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Base(filepath.Dir(place.File)) != ".local" {
		t.Errorf("%s: %v, %v", place.File, info.Mode(), err)
	}
}

func TestProfileIsRefused(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(dir string){
		"open to others":  func(dir string) { writeProfile(t, dir, 0o644, "http://127.0.0.1:8000") },
		"no address":      func(dir string) { writeProfile(t, dir, 0o600, "https://elsewhere.example.com") },
		"navigator.json ": func(dir string) { writeProfile(t, dir, 0o600, "") },
	} {
		dir := t.TempDir()
		write(dir)
		if _, err := session.Settle("", dir, ""); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		if place, err := session.Settle("https://api.example.com", dir, ""); err != nil || place.Profile != nil {
			t.Errorf("%s: a given address has to work without it: %v", name, err)
		}
	}
}

func TestRemoteSessionsLieInTheUsersFolderByAddress(t *testing.T) {
	t.Parallel()
	config, d := t.TempDir(), &door{life: time.Hour}
	for _, address := range []string{"https://one.example.com/", "https://two.example.com"} {
		place, err := session.Settle(address, t.TempDir(), config)
		if err != nil {
			t.Fatal(err)
		}
		keeper := session.New(place, d)
		if _, err := keeper.Token(t.Context(), ""); !errors.Is(err, session.ErrNone) {
			t.Errorf("got %v, want ErrNone", err)
		}
		s, _ := d.Login(t.Context(), "ada@example.com", "")
		if err := keeper.Keep(t.Context(), s, "ada@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	place, _ := session.Settle("https://one.example.com", t.TempDir(), config)
	if place.File != filepath.Join(config, "navigator", "session.json") {
		t.Errorf("kept at %s", place.File)
	}
	if token, err := session.New(place, d).Token(t.Context(), ""); err != nil || token != "access-1" {
		t.Errorf("got %q, %v", string(token), err)
	}
}

func TestExpiredSessionIsRefreshedOnceByMany(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: -time.Minute}
	if _, err := session.New(place, d).Token(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	d.life = time.Hour
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			token, err := session.New(place, d).Token(t.Context(), "")
			if err != nil || token != "access-2" {
				t.Errorf("got %q, %v", string(token), err)
			}
		})
	}
	wg.Wait()
	if d.refreshs != 1 || len(d.logins) != 1 {
		t.Errorf("%d refreshes, %d logins", d.refreshs, len(d.logins))
	}
}

func TestRefusedTokenIsRenewedOnceByMany(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: time.Hour}
	first, err := session.New(place, d).Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if token, err := session.New(place, d).Token(t.Context(), first); err != nil || token != "access-2" {
				t.Errorf("got %q, %v", string(token), err)
			}
		})
	}
	wg.Wait()
	if d.refreshs != 1 {
		t.Errorf("%d refreshes", d.refreshs)
	}
}

func TestDemoAccountSignsInAgainWhereItsSessionIsLost(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: -time.Minute}
	if _, err := session.New(place, d).Token(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	d.valid, d.life = "another", time.Hour
	if token, err := session.New(place, d).Token(t.Context(), ""); err != nil || token != "access-2" || len(d.logins) != 2 {
		t.Errorf("got %q, %v, %v", string(token), err, d.logins)
	}
}

func TestAnothersSessionIsNeverReplacedByTheDemoAccount(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: -time.Minute}
	keeper := session.New(place, d)
	s, _ := d.Login(t.Context(), "ada@example.com", "")
	if err := keeper.Keep(t.Context(), s, "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	d.valid = "another"
	if _, err := keeper.Token(t.Context(), ""); !errors.Is(err, session.ErrEnded) {
		t.Errorf("got %v, want ErrEnded", err)
	}
	if kept, err := keeper.Current(); err != nil || kept != (session.Kept{}) {
		t.Errorf("kept %v, %v", kept, err)
	}
}

func TestSessionSurvivesAServiceThatIsAway(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: -time.Minute}
	keeper := session.New(place, d)
	if _, err := keeper.Token(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	d.err = &client.Problem{Status: http.StatusServiceUnavailable}
	if _, err := keeper.Token(t.Context(), ""); !client.HasStatus(err, http.StatusServiceUnavailable) {
		t.Errorf("got %v", err)
	}
	if kept, err := keeper.Current(); err != nil || kept.Refresh != "refresh-1" {
		t.Errorf("the session was dropped: %v", err)
	}
}

func TestDamagedSessionFileIsWrittenAnew(t *testing.T) {
	t.Parallel()
	place, d := local(t), &door{life: time.Hour}
	if err := os.WriteFile(place.File, []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := session.New(place, d).Token(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestSessionFileOpenToOthersIsRefused(t *testing.T) {
	t.Parallel()
	place := local(t)
	if err := os.WriteFile(place.File, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := session.New(place, &door{}).Token(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v", err)
	}
}

func TestLockIsLeftWhenTheCallerStops(t *testing.T) {
	t.Parallel()
	place := local(t)
	held, done := make(chan struct{}), make(chan struct{})
	slow := &slowDoor{entered: held, leave: done}
	go func() {
		_, _ = session.New(place, slow).Token(context.Background(), "")
		close(held)
	}()
	<-slow.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := session.New(place, &door{}).Token(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(done)
	<-held
}

// slowDoor holds the lock until it is let go.
type slowDoor struct {
	door
	entered, leave chan struct{}
}

func (d *slowDoor) Login(context.Context, string, client.Secret) (client.Session, error) {
	d.entered <- struct{}{}
	<-d.leave
	return client.Session{AccessToken: "a", ExpiresAt: time.Now().Add(time.Hour).Unix()}, nil
}
