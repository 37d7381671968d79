package supabasetest

import (
	"encoding/json"
	"errors"
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
		c.json(http.StatusOK, uploaded{Key: o.Bucket + "/" + o.Name, ID: o.ID})
	}
}

// uploaded is the answer of an upload; one to a signed address has no id.
type uploaded struct {
	Key string `json:"Key"`
	ID  string `json:"Id,omitempty"`
}

// accept takes a body in and makes it an object; otherwise it has answered.
func (s *Server) accept(c *call, replace bool) (object, bool) {
	b, exists := s.vault.bucket(c.bucket)
	if !exists {
		c.fail(errNoBucket)
		return object{}, false
	}
	in, err := s.incoming(c, s.limitOf(b))
	if err != nil {
		c.fail(errBody)
		return object{}, false
	}
	if refusal, refused := s.refuse(c, b, in, replace); refused {
		c.fail(refusal)
		return object{}, false
	}
	return s.keep(c, in, replace)
}

// keep makes what came in the object.
func (s *Server) keep(c *call, in incoming, replace bool) (object, bool) {
	version, size, etag, err := s.vault.receive(s.body(c, in))
	switch {
	case errors.Is(err, errOverLimit):
		c.fail(errTooLarge)
		return object{}, false
	case err != nil:
		panic(http.ErrAbortHandler) // the client broke off: nobody hears an answer
	}
	now := s.opts.Now()
	o := object{ID: core.NewID().String(), Version: version, Bucket: c.bucket, Name: c.key, Size: size, Type: in.mime,
		CacheControl: in.cacheControl, ETag: etag, Metadata: in.metadata, CreatedAt: now, UpdatedAt: now}
	if c.shows(Vanish) {
		return o, true
	}
	if o, err = s.vault.commit(o, replace); err != nil {
		c.settle(err, errDuplicate, nil)
		return object{}, false
	}
	if c.shows(LostAnswer) {
		panic(http.ErrAbortHandler)
	}
	return o, true
}

func (s *Server) limitOf(b bucket) int64 {
	if b.Limit != nil {
		return min(s.opts.GlobalLimit, *b.Limit)
	}
	return s.opts.GlobalLimit
}

// refuse checks what can be checked before the body. A body of undeclared
// length is not held against the size limits: the real service does not either.
func (s *Server) refuse(c *call, b bucket, in incoming, replace bool) (storageError, bool) {
	_, taken := s.vault.find(c.bucket, c.key)
	switch {
	case len(c.key) > 1024:
		return errInternal, true
	case path.Clean("/"+c.key) != "/"+c.key:
		return dottedKey(c.bucket, c.key, core.NewID().String()), true
	case !objectName.MatchString(c.key):
		return badKey(c.key), true
	case !takes(b.Types, in.mime):
		return badMime(in.mime), true
	case in.declared > s.limitOf(b):
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

// body is the bytes that came, half of them where that is the fault.
func (s *Server) body(c *call, in incoming) io.Reader {
	if !c.shows(HalfWritten) {
		return in.body
	}
	all, _ := io.ReadAll(in.body)
	return strings.NewReader(string(all[:len(all)/2]))
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
		c.fail(errNoKey)
		return object{}, false
	}
	return o, true
}

func (s *Server) download(c *call) {
	if o, ok := s.seenObject(c); ok {
		c.w.Header().Set("Cache-Control", o.CacheControl)
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
	c.w.Header().Set("Cache-Control", o.CacheControl)
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
	h.Set("X-Robots-Tag", "none")
	if c.r.Header.Get("If-None-Match") == o.ETag { // net/http would leave out what the service sends
		h.Set("Accept-Ranges", "bytes")
		h.Set("Last-Modified", o.UpdatedAt.UTC().Format(http.TimeFormat))
		c.w.WriteHeader(http.StatusNotModified)
		return
	}
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
	h := c.w.Header()
	h.Set("Etag", o.ETag)
	h.Set("Last-Modified", o.UpdatedAt.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", o.CacheControl)
	c.json(http.StatusOK, showInfo(o))
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
	gone := []fullRow{}
	for _, name := range body.Prefixes {
		if !c.may() {
			break
		}
		if o, ok := s.vault.remove(c.bucket, name); ok {
			gone = append(gone, showFull(o))
		}
	}
	c.json(http.StatusOK, gone)
}
