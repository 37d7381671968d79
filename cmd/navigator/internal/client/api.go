package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SignUp makes an account. A session without tokens says that the address has
// to be confirmed first.
func (c *Client) SignUp(ctx context.Context, who SignUp) (Session, error) {
	var s Session
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/auth/signup", body: who, open: true}, &s)
	return s, err
}

// Login signs in.
func (c *Client) Login(ctx context.Context, email string, password Secret) (Session, error) {
	body := struct {
		Email    string `json:"email"`
		Password Secret `json:"password"`
	}{email, password}
	var s Session
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/auth/login", body: body, open: true}, &s)
	return s, err
}

// Refresh trades a refresh token for a new session. A token can be traded
// once: the call is never repeated.
func (c *Client) Refresh(ctx context.Context, token Secret) (Session, error) {
	body := struct {
		RefreshToken Secret `json:"refresh_token"`
	}{token}
	var s Session
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/auth/refresh", body: body, open: true}, &s)
	return s, err
}

// Logout ends the session that the token belongs to.
func (c *Client) Logout(ctx context.Context) error {
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/auth/logout"}, nil)
	return err
}

// Status reads where a document stands.
func (c *Client) Status(ctx context.Context, id string) (Document, error) {
	var d Document
	_, err := c.do(ctx, statusCall(id), &d)
	return d, err
}

func statusCall(id string) call {
	return call{method: http.MethodGet, path: "/documents/" + url.PathEscape(id) + "/status", again: true}
}

// Listing says which documents are listed. Zero fields leave it open; Limit 0
// leaves a page's size to the service.
type Listing struct {
	Statuses      []string
	After, Before time.Time // uploaded then or later, and earlier
	Cursor        string    // "" is the first page
	Limit         int
}

func (l Listing) query() url.Values {
	query := url.Values{}
	for _, status := range l.Statuses {
		query.Add("status", status)
	}
	for name, at := range map[string]time.Time{"created_after": l.After, "created_before": l.Before} {
		if !at.IsZero() {
			query.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if l.Cursor != "" {
		query.Set("cursor", l.Cursor)
	}
	if l.Limit > 0 {
		query.Set("limit", strconv.Itoa(l.Limit))
	}
	return query
}

// List reads a page of the account's documents, the newest first.
func (c *Client) List(ctx context.Context, l Listing) (Page, error) {
	path := "/documents"
	if query := l.query(); len(query) > 0 {
		path += "?" + query.Encode()
	}
	var p Page
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, again: true}, &p)
	return p, err
}

// Retry opens the next attempt of a document that failed or was cancelled.
func (c *Client) Retry(ctx context.Context, id string) (Document, error) {
	return c.move(ctx, id, "retry")
}

// Cancel ends the attempt that is under way.
func (c *Client) Cancel(ctx context.Context, id string) (Document, error) {
	return c.move(ctx, id, "cancel")
}

func (c *Client) move(ctx context.Context, id, verb string) (Document, error) {
	var d Document
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/documents/" + url.PathEscape(id) + "/" + verb}, &d)
	return d, err
}

// Search finds the passages that answer a question. It changes nothing there,
// so it is repeated like a GET.
func (c *Client) Search(ctx context.Context, q Question) (Results, error) {
	var r Results
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/search", body: q, again: true}, &r)
	return r, err
}

// Delete starts the deletion of a document.
func (c *Client) Delete(ctx context.Context, id string) (Removal, error) {
	var r Removal
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/documents/" + url.PathEscape(id)}, &r)
	return r, err
}

// Deletion reads the record of a deletion.
func (c *Client) Deletion(ctx context.Context, id string) (Receipt, error) {
	var r Receipt
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/documents/" + url.PathEscape(id) + "/deletion", again: true}, &r)
	return r, err
}

// Deleted waits until a deletion is done.
func (c *Client) Deleted(ctx context.Context, id string) (Receipt, error) {
	for {
		r, err := c.Deletion(ctx, id)
		if err != nil || r.DoneAt != nil {
			return r, err
		}
		if err := c.Pause(ctx, firstWait); err != nil {
			return r, err
		}
	}
}

// Me reads whom the token speaks for.
func (c *Client) Me(ctx context.Context) (User, error) {
	var u User
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/auth/user"}, &u)
	return u, err
}

// Health reads what the deployment knows of itself, and its clock: the Date of
// the answer, zero where it has none.
func (c *Client) Health(ctx context.Context) (h Health, clock time.Time, err error) {
	header, err := c.do(ctx, call{method: http.MethodGet, path: "/health", open: true}, &h)
	if at, failed := http.ParseTime(header.Get("Date")); failed == nil {
		clock = at
	}
	return h, clock, err
}

// Ready asks whether the deployment takes work; nil says yes.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/readyz", open: true}, nil)
	return err
}

// Limits reads what may be uploaded.
func (c *Client) Limits(ctx context.Context) (Limits, error) {
	var l Limits
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/api/upload-pipeline/upload/limits"}, &l)
	return l, err
}
