package supabase

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
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
	address, token, err := s.signed("/upload/sign", key, out.Address)
	if err != nil {
		return ports.SignedPut{}, err
	}
	return ports.SignedPut{URL: address, Headers: map[string]string{"Content-Type": contentType}, ExpiresAt: lifeOf(token, asked)}, nil
}

// SignGet implements ports.Blobs.
func (s *Storage) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	if err := checkKey(key); err != nil {
		return ports.SignedGet{}, err
	}
	life := max(time.Second, ttl.Truncate(time.Second))
	in := struct {
		Seconds int64 `json:"expiresIn"`
	}{int64(life / time.Second)}
	var out struct {
		Address string `json:"signedURL"`
	}
	asked := time.Now()
	r := request{method: http.MethodPost, path: s.objectPath("/sign", key), in: in}
	if err := s.ask(ctx, "sign", maxTries, r, &out); err != nil {
		return ports.SignedGet{}, err
	}
	address, _, err := s.signed("/sign", key, out.Address)
	if err != nil {
		return ports.SignedGet{}, err
	}
	address += "&" + url.Values{"download": {cmp.Or(name, path.Base(key))}}.Encode()
	return ports.SignedGet{URL: address, ExpiresAt: asked.Add(life)}, nil
}

// signed makes the whole address of what the storage signed: relative, and its
// key not always escaped. Only the token is taken from it; an address of
// anything else is refused.
func (s *Storage) signed(route, key, relative string) (address, token string, err error) {
	given, query, _ := strings.Cut(relative, "?")
	plain, pathErr := url.PathUnescape(given)
	values, queryErr := url.ParseQuery(query)
	token = values.Get("token")
	if pathErr != nil || queryErr != nil || token == "" || plain != "/object"+route+"/"+s.bucket+"/"+key {
		return "", "", core.Fail(core.CodeStorageUnavailable, errors.New("the storage signed another address"))
	}
	return s.client.base + s.objectPath(route, key) + "?" + url.Values{"token": {token}}.Encode(), token, nil
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
