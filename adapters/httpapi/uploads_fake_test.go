package httpapi

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// memUploads keeps announced uploads, and counts what was noticed.
type memUploads struct {
	faults
	lock    sync.Mutex
	all     map[core.ID]core.Upload
	looked  map[core.ID]time.Time
	noticed []core.ID
}

func newUploads() *memUploads {
	return &memUploads{all: map[core.ID]core.Upload{}, looked: map[core.ID]time.Time{}}
}

func (m *memUploads) keep(up core.Upload) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.all[up.Document] = up
}

func (m *memUploads) Announce(_ context.Context, who ports.Principal, n ports.NewUpload, most int) (core.Upload, error) {
	if err := m.of("Announce"); err != nil {
		return core.Upload{}, err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	if len(m.all) >= most {
		return core.Upload{}, core.Wait(core.CodeRateLimited, time.Minute, nil)
	}
	now := time.Now()
	up := core.Upload{Document: n.Document, Job: n.Job, User: who.User, Key: n.Key, Name: n.Name, ContentType: n.ContentType, Size: n.Size,
		State: core.UploadAwaited, CreatedAt: now, ExpiresAt: n.ExpiresAt, UpdatedAt: now}
	m.all[n.Document] = up
	return up, nil
}

func (m *memUploads) Announced(_ context.Context, who ports.Principal, id core.ID) (core.Upload, error) {
	if err := m.of("Announced"); err != nil {
		return core.Upload{}, err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	up, ok := m.all[id]
	if !ok || up.User != who.User || up.State == core.UploadRemoved {
		return core.Upload{}, core.Fail(core.CodeNotFound, nil)
	}
	return up, nil
}

func (m *memUploads) Look(_ context.Context, who ports.Principal, id core.ID, every time.Duration) (bool, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	last, was := m.looked[id]
	if up := m.all[id]; up.User != who.User || up.State != core.UploadAwaited || (was && time.Since(last) < every) {
		return false, nil
	}
	m.looked[id] = time.Now()
	return true, nil
}

func (m *memUploads) Notice(_ context.Context, _ ports.Principal, id core.ID) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.noticed = append(m.noticed, id)
	return m.of("Notice")
}

func (m *memUploads) Withdraw(ctx context.Context, who ports.Principal, id core.ID, state core.UploadState) error {
	up, err := m.Announced(ctx, who, id)
	if err != nil {
		return err
	}
	if up.State == core.UploadArrived || (up.State != core.UploadAwaited && state == core.UploadCancelled) {
		return core.Fail(core.CodeConflict, nil)
	}
	up.State = state
	m.keep(up)
	return nil
}

// memTickets believes a token of the form key|size.
type memTickets struct{}

func (memTickets) RedeemPut(token string) (ports.PutTicket, error) {
	key, size, ok := strings.Cut(token, "|")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, nil)
	}
	return ports.PutTicket{Key: key, Size: n, ContentType: "application/pdf"}, nil
}

// RedeemGet believes a token of the form key|name.
func (memTickets) RedeemGet(token string) (ports.GetTicket, error) {
	key, name, ok := strings.Cut(token, "|")
	if !ok {
		return ports.GetTicket{}, core.Fail(core.CodeDownloadLink, nil)
	}
	return ports.GetTicket{Key: key, Name: name}, nil
}

var _ ports.Uploads = (*memUploads)(nil)
