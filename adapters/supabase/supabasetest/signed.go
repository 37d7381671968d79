package supabasetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// uploadLife is how long a signed upload address can be used.
const uploadLife = 2 * time.Hour

// link makes a relative signed address. Its key is not escaped: clients are to
// do that.
func (s *Server) link(route, scope, target string, life time.Duration, more jwt.MapClaims) (address, token string) {
	now := s.opts.Now()
	claims := jwt.MapClaims{"url": target, "scope": scope, "iat": now.Unix(), "exp": now.Add(life).Unix()}
	for name, value := range more {
		claims[name] = value
	}
	token, err := s.signLink(claims)
	if err != nil {
		panic(err) // a map of strings and numbers always signs
	}
	return route + target + "?token=" + token, token
}

// signLink makes a link's token; its header tells the algorithm alone.
func (s *Server) signLink(claims jwt.MapClaims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header = map[string]any{"alg": token.Method.Alg()}
	return token.SignedString([]byte(s.opts.JWTSecret))
}

// sign serves one object by its path, or many by the body's paths.
func (s *Server) sign(c *call) {
	var body struct {
		Seconds int64    `json:"expiresIn"`
		Paths   []string `json:"paths"`
	}
	if json.NewDecoder(c.r.Body).Decode(&body) != nil {
		c.fail(errBody)
		return
	}
	if body.Seconds < 1 {
		c.fail(errExpiresIn)
		return
	}
	life := time.Duration(body.Seconds) * time.Second
	if c.key == "" {
		c.json(http.StatusOK, s.signMany(c, body.Paths, life))
		return
	}
	if o, ok := s.seenObject(c); ok {
		address, _ := s.link("/object/sign/", "download", o.Bucket+"/"+o.Name, life, nil)
		c.json(http.StatusOK, map[string]string{"signedURL": address})
	}
}

func (s *Server) signMany(c *call, paths []string, life time.Duration) []map[string]any {
	items := []map[string]any{}
	for _, path := range paths {
		item := map[string]any{"error": "Either the object does not exist or you do not have access to it", "path": path, "signedURL": nil}
		if o, ok := s.vault.find(c.bucket, path); ok && c.may() {
			item["error"] = nil
			item["signedURL"], _ = s.link("/object/sign/", "download", o.Bucket+"/"+o.Name, life, nil)
		}
		items = append(items, item)
	}
	return items
}

// opened proves a signed address; otherwise it has answered.
func (s *Server) opened(c *call, scope string) (jwt.MapClaims, bool) {
	token := c.r.URL.Query().Get("token")
	if token == "" {
		c.fail(errNoToken)
		return nil, false
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(s.opts.JWTSecret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(s.opts.Now), jwt.WithExpirationRequired())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		c.fail(badLink(`"exp" claim timestamp check failed`))
	case err != nil:
		c.fail(badLink("signature verification failed"))
	case claims["url"] != c.bucket+"/"+c.key || claims["scope"] != scope:
		c.fail(errSignature)
	default:
		return claims, true
	}
	return nil, false
}

func (s *Server) downloadSigned(c *call) {
	if _, ok := s.opened(c, "download"); !ok {
		return
	}
	o, ok := s.vault.find(c.bucket, c.key)
	if !ok {
		c.fail(errNoKey)
		return
	}
	if name := c.r.URL.Query().Get("download"); name != "" {
		escaped := url.PathEscape(name)
		c.w.Header().Set("Content-Disposition", "attachment; filename="+escaped+"; filename*=UTF-8''"+escaped)
	}
	s.serve(c, o)
}

func (s *Server) signUpload(c *call) {
	upsert := c.r.Header.Get("X-Upsert") == "true"
	_, exists := s.vault.bucket(c.bucket)
	_, taken := s.vault.find(c.bucket, c.key)
	switch {
	case !exists:
		c.fail(errNoBucket)
	case !c.may():
		c.fail(errDenied)
	case taken && !upsert:
		c.fail(errDuplicate)
	default:
		address, token := s.link("/object/upload/sign/", "upload", c.bucket+"/"+c.key, uploadLife, jwt.MapClaims{"upsert": upsert})
		c.json(http.StatusOK, struct {
			URL   string `json:"url"`
			Token string `json:"token"`
		}{address, token})
	}
}

func (s *Server) uploadSigned(c *call) {
	claims, ok := s.opened(c, "upload")
	if !ok {
		return
	}
	upsert, _ := claims["upsert"].(bool)
	if o, ok := s.accept(c, upsert); ok {
		c.json(http.StatusOK, uploaded{Key: o.Bucket + "/" + o.Name})
	}
}
