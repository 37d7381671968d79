package supabasetest

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// bucketBody is what creating or changing a bucket sends. The limit is a number
// of bytes or a text like "20MB", decimal.
type bucketBody struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Public bool     `json:"public"`
	Limit  any      `json:"file_size_limit"`
	Types  []string `json:"allowed_mime_types"`
}

var (
	bucketName = regexp.MustCompile(`^[\w!.*'() &$@=;:+,?-]{1,100}$`)
	sizeText   = regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)?$`)
	sizeUnits  = map[string]float64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}
)

func (c *call) readBucket() (bucketBody, *int64, bool) {
	var body bucketBody
	if json.NewDecoder(c.r.Body).Decode(&body) != nil {
		c.fail(errBody)
		return body, nil, false
	}
	limit := bytesOf(body.Limit)
	if limit != nil && *limit > c.server.opts.GlobalLimit {
		c.fail(errTooLarge)
		return body, nil, false
	}
	return body, limit, true
}

func bytesOf(limit any) *int64 {
	var size int64
	switch l := limit.(type) {
	case float64:
		size = int64(l)
	case string:
		parts := sizeText.FindStringSubmatch(l)
		if parts == nil {
			return nil
		}
		number, _ := strconv.ParseFloat(parts[1], 64)
		size = int64(math.Round(number * sizeUnits[strings.ToUpper(parts[2])]))
	default:
		return nil
	}
	return &size
}

func (s *Server) createBucket(c *call) {
	body, limit, ok := c.readBucket()
	if !ok {
		return
	}
	if body.ID == "" {
		body.ID = body.Name
	}
	if !c.may() {
		c.fail(errDenied)
		return
	}
	if !bucketName.MatchString(body.ID) {
		c.fail(errBucketBad)
		return
	}
	now := s.opts.Now()
	made := bucket{ID: body.ID, Name: body.Name, Public: body.Public, Limit: limit, Types: body.Types, CreatedAt: now, UpdatedAt: now}
	err := s.vault.change(func(all map[string]bucket) error {
		if _, exists := all[made.ID]; exists {
			return errExists
		}
		all[made.ID] = made
		return nil
	})
	c.settle(err, errBucketDup, map[string]string{"name": body.ID})
}

// settle answers an edit: done, refused, or broken.
func (c *call) settle(err error, refusal storageError, done any) {
	switch {
	case err == nil:
		c.json(http.StatusOK, done)
	case errors.Is(err, errExists):
		c.fail(refusal)
	default:
		c.fail(errInternal)
	}
}

// seen is a bucket as the caller's policies show it.
func (c *call) seen(id string) (bucket, bool) {
	b, ok := c.server.vault.bucket(id)
	return b, ok && c.may()
}

func (s *Server) getBucket(c *call) {
	b, ok := c.seen(c.bucket)
	if !ok {
		c.fail(errNoBucket)
		return
	}
	c.json(http.StatusOK, showBucket(b))
}

func (s *Server) listBuckets(c *call) {
	all := []shownBucket{}
	if c.may() {
		s.vault.mu.Lock()
		for _, id := range slices.Sorted(maps.Keys(s.vault.buckets)) {
			shown := showBucket(s.vault.buckets[id])
			shown.Type = "STANDARD"
			all = append(all, shown)
		}
		s.vault.mu.Unlock()
	}
	c.json(http.StatusOK, all)
}

func (s *Server) updateBucket(c *call) {
	body, limit, ok := c.readBucket()
	if !ok {
		return
	}
	b, ok := c.seen(c.bucket)
	if !ok {
		c.fail(errNoBucket)
		return
	}
	b.Public, b.Limit, b.Types, b.UpdatedAt = body.Public, limit, body.Types, s.opts.Now()
	err := s.vault.change(func(all map[string]bucket) error { all[b.ID] = b; return nil })
	c.settle(err, errInternal, map[string]string{"message": "Successfully updated"})
}

func (s *Server) deleteBucket(c *call) {
	if _, ok := c.seen(c.bucket); !ok {
		c.fail(errNoBucket)
		return
	}
	if len(s.vault.list(c.bucket)) > 0 {
		c.fail(errNotEmpty)
		return
	}
	err := s.vault.change(func(all map[string]bucket) error { delete(all, c.bucket); return nil })
	c.settle(err, errInternal, map[string]string{"message": "Successfully deleted"})
}

func (s *Server) emptyBucket(c *call) {
	if _, ok := c.seen(c.bucket); !ok {
		c.fail(errNoBucket)
		return
	}
	for _, o := range s.vault.list(c.bucket) {
		s.vault.remove(c.bucket, o.Name)
	}
	c.json(http.StatusOK, map[string]string{"message": "Empty bucket has been queued. Completion may take up to an hour."})
}
