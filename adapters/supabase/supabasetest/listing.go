package supabasetest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// row is an object as lists and deletes show it.
func row(o object, name string) map[string]any {
	return map[string]any{
		"name": name, "id": o.ID, "bucket_id": o.Bucket, "version": o.Version, "owner": "", "owner_id": "",
		"updated_at": stamp(o.UpdatedAt), "created_at": stamp(o.CreatedAt), "last_accessed_at": stamp(o.CreatedAt),
		"metadata": map[string]any{"eTag": o.ETag, "size": o.Size, "mimetype": o.Type, "cacheControl": o.CacheControl,
			"lastModified": stamp(o.UpdatedAt), "contentLength": o.Size, "httpStatusCode": http.StatusOK},
	}
}

func folder(name string) map[string]any {
	return map[string]any{"name": name, "id": nil, "updated_at": nil, "created_at": nil, "last_accessed_at": nil, "metadata": nil}
}

// listObjects shows one level below a folder; folders have no id.
func (s *Server) listObjects(c *call) {
	var body struct {
		Prefix string `json:"prefix"`
		Search string `json:"search"`
		Limit  int    `json:"limit"`
		Offset int    `json:"offset"`
		Sort   struct {
			Order string `json:"order"`
		} `json:"sortBy"`
	}
	if json.NewDecoder(c.r.Body).Decode(&body) != nil {
		c.fail(errBody)
		return
	}
	rows := []map[string]any{}
	if c.may() {
		rows = s.level(c.bucket, body.Prefix, body.Search)
	}
	rows = sortedBy(rows, body.Sort.Order)
	if body.Limit == 0 {
		body.Limit = 100
	}
	from := min(max(body.Offset, 0), len(rows))
	c.json(http.StatusOK, rows[from:min(from+body.Limit, len(rows))])
}

func (s *Server) level(bucketID, prefix, search string) []map[string]any {
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	rows, last := []map[string]any{}, ""
	for _, o := range s.vault.list(bucketID) {
		rest, below := strings.CutPrefix(o.Name, prefix)
		if !below || !strings.HasPrefix(rest, search) {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if !deeper {
			rows = append(rows, listRow(o, name))
		} else if name != last {
			rows, last = append(rows, folder(name)), name
		}
	}
	return rows
}
