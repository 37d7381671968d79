package supabase

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// uploadLife is how long the storage's own upload addresses live; it takes no
// other wish.
const uploadLife = 2 * time.Hour

// SignPut implements ports.Blobs. The address lives as long as the storage lets
// it, ttl or not, and takes whatever the bucket's rules allow; it never
// overwrites.
func (s *Storage) SignPut(ctx context.Context, key string, size int64, contentType string, _ time.Duration) (ports.SignedPut, error) {
	if err := s.admit(key, size); err != nil {
		return ports.SignedPut{}, err
	}
	var out struct {
		Address string `json:"url"`
	}
	asked := time.Now()
	r := request{method: http.MethodPost, path: s.objectPath("/upload/sign", key)}
	if err := s.ask(ctx, "sign upload", maxTries, r, &out); err != nil {
		return ports.SignedPut{}, err
	}
	want := strings.TrimPrefix(s.objectPath("/upload/sign", key), "/storage/v1")
	path, query, _ := strings.Cut(out.Address, "?")
	values, err := url.ParseQuery(query)
	if path != want || err != nil || values.Get("token") == "" {
		return ports.SignedPut{}, core.Fail(core.CodeStorageUnavailable, errors.New("the storage signed another address"))
	}
	return ports.SignedPut{
		URL:       s.client.base + "/storage/v1" + out.Address,
		Headers:   map[string]string{"Content-Type": contentType},
		ExpiresAt: lifeOf(values.Get("token"), asked),
	}, nil
}

// lifeOf is when an address dies by its token, and never sooner than the
// storage documents: what is sent there later has to be swept as well.
func lifeOf(token string, asked time.Time) time.Time {
	latest := asked.Add(uploadLife)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return latest
	}
	var claims struct {
		Expires int64 `json:"exp"`
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return latest
	}
	if told := time.Unix(claims.Expires, 0); told.After(latest) {
		return told
	}
	return latest
}
