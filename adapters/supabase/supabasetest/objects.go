package supabasetest

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// objectName is the alphabet of keys.
var objectName = regexp.MustCompile(`^[\w/!.*'() &$@=;:+,?-]+$`)

// upload is a create-only POST, a POST that may replace, or a PUT.
func (s *Server) upload(c *call) {
	if !c.may() {
		c.fail(errDenied)
		return
	}
	replace := c.r.Method == http.MethodPut || c.r.Header.Get("X-Upsert") == "true"
	if o, ok := s.accept(c, replace); ok {
		c.json(http.StatusOK, map[string]string{"Key": o.Bucket + "/" + o.Name, "Id": o.ID})
	}
}

// accept takes a body in and makes it an object; otherwise it has answered.
func (s *Server) accept(c *call, replace bool) (object, bool) {
	b, exists := s.vault.bucket(c.bucket)
	if !exists {
		c.fail(errNoBucket)
		return object{}, false
	}
	if refusal, refused := s.refuse(c, b, replace); refused {
		c.fail(refusal)
		return object{}, false
	}
	version, size, etag, err := s.vault.receive(s.body(c))
	if err != nil {
		panic(http.ErrAbortHandler) // the client broke off: nobody hears an answer
	}
	now := s.opts.Now()
	o := object{ID: core.NewID().String(), Version: version, Bucket: c.bucket, Name: c.key, Size: size, Type: c.mime(),
		CacheControl: c.cacheControl(), ETag: etag, Metadata: c.metadata(), CreatedAt: now, UpdatedAt: now}
	if c.shows(Vanish) {
		return o, true
	}
	if err := s.vault.commit(o, replace); err != nil {
		c.settle(err, errDuplicate, nil)
		return object{}, false
	}
	if c.shows(LostAnswer) {
		panic(http.ErrAbortHandler)
	}
	return o, true
}

// refuse checks what can be checked before the body. A body of undeclared
// length is not held against the size limits: the real service does not either.
func (s *Server) refuse(c *call, b bucket, replace bool) (storageError, bool) {
	limit := s.opts.GlobalLimit
	if b.Limit != nil {
		limit = min(limit, *b.Limit)
	}
	_, taken := s.vault.find(c.bucket, c.key)
	switch {
	case len(c.key) > 1024:
		return errInternal, true
	case !objectName.MatchString(c.key) || path.Clean("/"+c.key) != "/"+c.key:
		return badKey(c.key), true
	case !takes(b.Types, c.mime()):
		return badMime(c.mime()), true
	case c.r.ContentLength > limit:
		return errTooLarge, true
	case taken && !replace:
		return errDuplicate, true
	}
	return storageError{}, false
}

func takes(types []string, mime string) bool {
	return len(types) == 0 || slices.ContainsFunc(types, func(t string) bool {
		family, wild := strings.CutSuffix(t, "/*")
		return t == mime || (wild && strings.HasPrefix(mime, family+"/"))
	})
}

// body is the request's bytes, half of them where that is the fault.
func (s *Server) body(c *call) io.Reader {
	if !c.shows(HalfWritten) {
		return c.r.Body
	}
	all, _ := io.ReadAll(c.r.Body)
	return strings.NewReader(string(all[:len(all)/2]))
}

func (c *call) mime() string {
	if t := c.r.Header.Get("Content-Type"); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (c *call) cacheControl() string {
	if v := c.r.Header.Get("Cache-Control"); v != "" {
		return v
	}
	return "no-cache"
}

func (c *call) metadata() json.RawMessage {
	decoded, err := base64.StdEncoding.DecodeString(c.r.Header.Get("X-Metadata"))
	if err != nil || !json.Valid(decoded) {
		return json.RawMessage("{}")
	}
	return decoded
}

// seenObject is an object as the caller's policies show it; it answers when
// there is none. Absent and forbidden look alike.
func (s *Server) seenObject(c *call) (object, bool) {
	if _, ok := s.vault.bucket(c.bucket); !ok {
		c.fail(errNoBucket)
		return object{}, false
	}
	o, ok := s.vault.find(c.bucket, c.key)
	if !ok || !c.may() {
		if c.r.Method == http.MethodHead {
			c.w.WriteHeader(http.StatusBadRequest)
		} else {
			c.fail(errNoKey)
		}
		return object{}, false
	}
	return o, true
}

func (s *Server) download(c *call) {
	if o, ok := s.seenObject(c); ok {
		s.serve(c, o)
	}
}

func (s *Server) downloadPublic(c *call) {
	b, ok := s.vault.bucket(c.bucket)
	if !ok || !b.Public {
		c.fail(errNoBucket)
		return
	}
	o, ok := s.vault.find(c.bucket, c.key)
	if !ok {
		c.fail(errNoKey)
		return
	}
	s.serve(c, o)
}

// serve sends the bytes; http.ServeContent does ranges and conditions.
func (s *Server) serve(c *call, o object) {
	file, err := s.vault.open(o)
	if err != nil {
		c.fail(errInternal)
		return
	}
	defer file.Close()
	h := c.w.Header()
	h.Set("Content-Type", o.Type)
	h.Set("Etag", o.ETag)
	h.Set("Cache-Control", o.CacheControl)
	h.Set("X-Robots-Tag", "none")
	if c.shows(Truncated) {
		h.Set("Content-Length", strconv.FormatInt(o.Size, 10))
		_, _ = io.CopyN(c.w, file, o.Size/2)
		_ = http.NewResponseController(c.w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(c.w, c.r, "", o.UpdatedAt, file)
}

func (s *Server) info(c *call) {
	o, ok := s.seenObject(c)
	if !ok {
		return
	}
	c.json(http.StatusOK, map[string]any{"id": o.ID, "name": o.Name, "version": o.Version, "bucket_id": o.Bucket, "size": o.Size,
		"content_type": o.Type, "cache_control": o.CacheControl, "etag": o.ETag, "metadata": o.Metadata,
		"last_modified": stamp(o.UpdatedAt), "created_at": stamp(o.CreatedAt)})
}

// deleteObjects removes one object by its path or many by their names; the
// latter answers with those it removed and passes over the rest in silence.
func (s *Server) deleteObjects(c *call) {
	if c.key != "" {
		if _, ok := s.seenObject(c); ok {
			s.vault.remove(c.bucket, c.key)
			c.json(http.StatusOK, map[string]string{"message": "Successfully deleted"})
		}
		return
	}
	var body struct {
		Prefixes []string `json:"prefixes"`
	}
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil || body.Prefixes == nil {
		c.fail(errBody)
		return
	}
	if _, ok := s.vault.bucket(c.bucket); !ok {
		c.fail(errNoBucket)
		return
	}
	gone := []map[string]any{}
	for _, name := range body.Prefixes {
		if !c.may() {
			break
		}
		if o, ok := s.vault.remove(c.bucket, name); ok {
			gone = append(gone, row(o, o.Name))
		}
	}
	c.json(http.StatusOK, gone)
}
