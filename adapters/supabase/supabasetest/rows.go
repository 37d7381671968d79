package supabasetest

import (
	"encoding/json"
	"net/http"
)

// The shapes of the storage's answers. The fields stand in the order in which
// the service writes them.

// shownBucket is a bucket as asked for by its id.
type shownBucket struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Owner     string   `json:"owner"`
	Public    bool     `json:"public"`
	Type      string   `json:"type,omitempty"` // in lists alone
	Limit     *int64   `json:"file_size_limit"`
	Types     []string `json:"allowed_mime_types"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
}

func showBucket(b bucket) shownBucket {
	return shownBucket{ID: b.ID, Name: b.Name, Owner: b.Owner, Public: b.Public, Limit: b.Limit, Types: b.Types,
		CreatedAt: stamp(b.CreatedAt), UpdatedAt: stamp(b.UpdatedAt)}
}

// shownInfo is an object as the info calls show it.
type shownInfo struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Version      string          `json:"version"`
	Bucket       string          `json:"bucket_id"`
	Size         int64           `json:"size"`
	Type         string          `json:"content_type"`
	CacheControl string          `json:"cache_control"`
	ETag         string          `json:"etag"`
	Metadata     json.RawMessage `json:"metadata"`
	LastModified string          `json:"last_modified"`
	CreatedAt    string          `json:"created_at"`
}

func showInfo(o object) shownInfo {
	return shownInfo{ID: o.ID, Name: o.Name, Version: o.Version, Bucket: o.Bucket, Size: o.Size, Type: o.Type, CacheControl: o.CacheControl,
		ETag: o.ETag, Metadata: o.Metadata, LastModified: stamp(o.UpdatedAt), CreatedAt: stamp(o.CreatedAt)}
}

// shownMetadata is what the storage's own backend told of an object.
type shownMetadata struct {
	ETag          string `json:"eTag"`
	Size          int64  `json:"size"`
	Type          string `json:"mimetype"`
	CacheControl  string `json:"cacheControl"`
	LastModified  string `json:"lastModified"`
	ContentLength int64  `json:"contentLength"`
	Status        int    `json:"httpStatusCode"`
}

// shownTimes is the end of every row; all of it is null for a folder.
type shownTimes struct {
	ID             *string        `json:"id"`
	UpdatedAt      *string        `json:"updated_at"`
	CreatedAt      *string        `json:"created_at"`
	LastAccessedAt *string        `json:"last_accessed_at"`
	Metadata       *shownMetadata `json:"metadata"`
}

func showTimes(o object) shownTimes {
	updated, created := stamp(o.UpdatedAt), stamp(o.CreatedAt)
	return shownTimes{ID: &o.ID, UpdatedAt: &updated, CreatedAt: &created, LastAccessedAt: &created, Metadata: &shownMetadata{
		ETag: o.ETag, Size: o.Size, Type: o.Type, CacheControl: o.CacheControl, LastModified: updated, ContentLength: o.Size, Status: http.StatusOK}}
}

// listedRow is an object or a folder as the first list call shows it: its name
// below the folder that was asked for.
type listedRow struct {
	Name string `json:"name"`
	shownTimes
}

// keyedRow is an object as the second list call shows it.
type keyedRow struct {
	Key  string `json:"key"`  // the last segment
	Name string `json:"name"` // all of it
	shownTimes
}

// fullRow is an object as deletes and copies show it.
type fullRow struct {
	Name    string `json:"name"`
	Bucket  string `json:"bucket_id"`
	Owner   string `json:"owner"`
	OwnerID string `json:"owner_id"`
	Version string `json:"version"`
	shownTimes
	UserMetadata json.RawMessage `json:"user_metadata"`
}

func showFull(o object) fullRow {
	return fullRow{Name: o.Name, Bucket: o.Bucket, Version: o.Version, shownTimes: showTimes(o), UserMetadata: o.Metadata}
}
