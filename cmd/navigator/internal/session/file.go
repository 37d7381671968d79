package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// Kept is a session as it lies in the file.
type Kept struct {
	Email   string        `json:"email"`
	Access  client.Secret `json:"access_token"`
	Refresh client.Secret `json:"refresh_token"`
	Expires int64         `json:"expires_at"` // seconds since 1970
}

// usable reports whether the access token may be sent: a token about to expire
// would do so on its way.
func (k Kept) usable(now time.Time) bool {
	return k.Access != "" && now.Add(30*time.Second).Before(time.Unix(k.Expires, 0))
}

// read gives the sessions by address. A damaged file counts as empty: signing
// in writes it anew.
func (p Place) read() (map[string]Kept, error) {
	all := map[string]Kept{}
	if p.File == "" {
		return all, nil
	}
	text, err := readPrivate(p.File)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, &all) != nil || all == nil {
		return map[string]Kept{}, nil
	}
	return all, nil
}

// change rewrites this place's session, nil to forget it. The lock is held by
// the caller.
func (p Place) change(kept *Kept) error {
	all, err := p.read()
	if err != nil {
		return err
	}
	delete(all, p.URL)
	if kept != nil {
		all[p.URL] = *kept
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return errors.New("the session cannot be written as JSON")
	}
	return p.replace(append(text, '\n'))
}

// replace writes the file whole or not at all; it is private from its first
// moment.
func (p Place) replace(text []byte) error {
	folder, err := p.folder()
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, sessionName+".*") // made with 0600
	if err != nil {
		return fmt.Errorf("the session cannot be kept in %s", folder)
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), p.File)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("the session cannot be kept in %s", folder)
	}
	return nil
}

const lockLook = 20 * time.Millisecond

// lock keeps other processes, and other calls of this one, from the session
// until unlock. The kernel frees it when its holder dies.
func (p Place) lock(ctx context.Context) (unlock func(), err error) {
	if _, err := p.folder(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(p.File+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock %s.lock cannot be opened", p.File)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("the session file %s cannot be locked", p.File)
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, ctx.Err()
		case <-time.After(lockLook):
		}
	}
}
