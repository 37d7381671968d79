package supabasetest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the real service's ETag is MD5
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// bucket is a bucket as the service shows it.
type bucket struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Owner     string    `json:"owner"`
	Public    bool      `json:"public"`
	Limit     *int64    `json:"file_size_limit"`
	Types     []string  `json:"allowed_mime_types"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// object is a stored object; its bytes lie beside, under Version.
type object struct {
	ID           string          `json:"id"`
	Version      string          `json:"version"`
	Bucket       string          `json:"bucket"`
	Name         string          `json:"name"`
	Size         int64           `json:"size"`
	Type         string          `json:"type"`
	CacheControl string          `json:"cache_control"`
	ETag         string          `json:"etag"`
	Metadata     json.RawMessage `json:"metadata"`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
}

// vault keeps buckets and objects, in memory or in a folder: buckets.json, and
// objects/<version>.bin with objects/<version>.json, the latter written last.
type vault struct {
	dir string

	mu      sync.Mutex
	buckets map[string]bucket
	objects map[string]map[string]object
	bytes   map[string][]byte // by version; unused with a folder
}

func openVault(dir string) (*vault, error) {
	v := &vault{dir: dir, buckets: map[string]bucket{}, objects: map[string]map[string]object{}, bytes: map[string][]byte{}}
	if dir == "" {
		return v, nil
	}
	if err := os.MkdirAll(filepath.Join(dir, "objects"), 0o700); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(dir, "buckets.json"), &v.buckets); err != nil {
		return nil, err
	}
	return v, v.load()
}

// load reads the objects and sweeps what a killed process left half done.
func (v *vault) load() error {
	names, err := filepath.Glob(filepath.Join(v.dir, "objects", "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		version, isMeta := strings.CutSuffix(name, ".json")
		_, err := os.Stat(strings.TrimSuffix(version, ".bin") + ".json")
		if !isMeta && err != nil {
			_ = os.Remove(name)
		}
		if !isMeta {
			continue
		}
		var o object
		if err := readJSON(name, &o); err != nil {
			return err
		}
		v.put(o)
	}
	return nil
}

func (v *vault) put(o object) {
	if v.objects[o.Bucket] == nil {
		v.objects[o.Bucket] = map[string]object{}
	}
	v.objects[o.Bucket][o.Name] = o
}

func (v *vault) path(version, suffix string) string {
	return filepath.Join(v.dir, "objects", version+suffix)
}

// receive takes a body in under a new version that nothing points to yet.
func (v *vault) receive(body io.Reader) (version string, size int64, etag string, err error) {
	version = core.NewID().String()
	hash := md5.New() //nolint:gosec // see the import
	if v.dir == "" {
		var kept bytes.Buffer
		size, err = io.Copy(io.MultiWriter(&kept, hash), body)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.bytes[version] = kept.Bytes()
	} else {
		size, err = v.spool(version, io.TeeReader(body, hash))
	}
	if err != nil {
		v.forget(version)
	}
	return version, size, `"` + hex.EncodeToString(hash.Sum(nil)) + `"`, err
}

func (v *vault) spool(version string, body io.Reader) (int64, error) {
	file, err := os.OpenFile(v.path(version, ".bin"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(file, body)
	return size, errors.Join(err, file.Close())
}

// forget drops a version's bytes. With memory the caller holds the lock.
func (v *vault) forget(version string) {
	if v.dir == "" {
		delete(v.bytes, version)
		return
	}
	_ = os.Remove(v.path(version, ".json"))
	_ = os.Remove(v.path(version, ".bin"))
}

var errExists = errors.New("the object exists")

// commit makes a received version the object, at once or not at all, and gives
// it as it then is: one that replaces another has that one's id and creation.
func (v *vault) commit(o object, replace bool) (object, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	old, exists := v.objects[o.Bucket][o.Name]
	if exists && !replace {
		v.forget(o.Version)
		return object{}, errExists
	}
	if exists {
		o.ID, o.CreatedAt = old.ID, old.CreatedAt
	}
	if v.dir != "" {
		if err := writeJSON(v.path(o.Version, ".json"), o); err != nil {
			v.forget(o.Version)
			return object{}, err
		}
	}
	if exists {
		v.forget(old.Version)
	}
	v.put(o)
	return o, nil
}

func (v *vault) find(bucketID, name string) (object, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	o, ok := v.objects[bucketID][name]
	return o, ok
}

// open gives an object's bytes.
func (v *vault) open(o object) (io.ReadSeekCloser, error) {
	if v.dir != "" {
		return os.Open(v.path(o.Version, ".bin"))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return memoryFile{bytes.NewReader(v.bytes[o.Version])}, nil
}

type memoryFile struct{ *bytes.Reader }

// Close implements io.Closer.
func (memoryFile) Close() error { return nil }

// remove deletes an object; ok is false when there is none.
func (v *vault) remove(bucketID, name string) (object, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	o, ok := v.objects[bucketID][name]
	if ok {
		delete(v.objects[bucketID], name)
		v.forget(o.Version)
	}
	return o, ok
}

// list is a bucket's objects, sorted by name.
func (v *vault) list(bucketID string) []object {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]object, 0, len(v.objects[bucketID]))
	for _, o := range v.objects[bucketID] {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b object) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// all is every bucket's objects, as list gives them.
func (v *vault) all() map[string][]object {
	v.mu.Lock()
	ids := slices.Collect(maps.Keys(v.buckets))
	v.mu.Unlock()
	all := map[string][]object{}
	for _, id := range ids {
		all[id] = v.list(id)
	}
	return all
}

// change edits the buckets and keeps them.
func (v *vault) change(edit func(map[string]bucket) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := edit(v.buckets); err != nil || v.dir == "" {
		return err
	}
	return writeJSON(filepath.Join(v.dir, "buckets.json"), v.buckets)
}

func (v *vault) bucket(id string) (bucket, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, ok := v.buckets[id]
	return b, ok
}
