package llamaparsetest

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// cacheLife is how long a parsed file answers for the same file with the same
// options.
const cacheLife = 48 * time.Hour

// kept is one result of the cache.
type kept struct {
	pages []core.Page
	until time.Time
}

// cacheKey is over the file's bytes and every option that shapes the text.
func cacheKey(file *file, raw json.RawMessage) [32]byte {
	var options map[string]any
	_ = json.Unmarshal(raw, &options) // it was read before
	for _, name := range []string{"file_id", "user_metadata", "client_name", "disable_cache", "webhook_configurations", "webhook_configuration_ids"} {
		delete(options, name)
	}
	return sha256.Sum256(append(file.sum[:], marshal(options)...)) // a map's keys are marshaled in order
}

// cachedLocked is the result of an earlier job like this one.
func (s *Server) cachedLocked(j *job) ([]core.Page, bool) {
	if j.request.NoCache {
		return nil, false
	}
	found, ok := s.cache[j.key]
	if !ok || !s.opts.Clock.Now().Before(found.until) {
		return nil, false
	}
	return found.pages, true
}

// rememberLocked keeps a result for the next job like this one.
func (s *Server) rememberLocked(j *job) {
	if !j.request.NoCache && j.status == completed {
		s.cache[j.key] = kept{pages: j.pages, until: s.opts.Clock.Now().Add(cacheLife)}
	}
}
