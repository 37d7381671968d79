package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// storage compares the storage's listing with what the database knows. The
// listing comes first: what is stored is written down before it is stored.
func (c Checker) storage(ctx context.Context) ([]Violation, error) {
	if c.Files == nil {
		return nil, nil
	}
	listed := map[string]core.Blob{}
	for blob, err := range c.Files.List(ctx, "") {
		if err != nil {
			return nil, err
		}
		listed[blob.Key] = blob
	}
	known, err := c.Database.Files(ctx)
	if err != nil {
		return nil, err
	}
	var found []Violation
	unclaimed, owned := maps.Clone(listed), map[string]bool{}
	for _, file := range known {
		blob, there := listed[file.Key]
		delete(unclaimed, file.Key)
		if file.Claim != Owned {
			continue
		}
		owned[file.Key] = there
		other := core.OtherPlace(file.Key)
		if _, elsewhere := listed[other]; !there && elsewhere {
			delete(unclaimed, other)
			v := Found(FileElsewhere, file.Document, string(core.TierOf(other)))
			v.Subject = other
			found = append(found, v)
			continue
		}
		v, err := c.file(ctx, file, blob.Size, there)
		if err != nil {
			return nil, err
		}
		found = append(found, v...)
	}
	strays, err := c.strays(ctx, unclaimed, owned)
	return append(found, strays...), err
}

// file looks at one document's file.
func (c Checker) file(ctx context.Context, file File, size int64, there bool) ([]Violation, error) {
	switch {
	case !there:
		return []Violation{Found(FileMissing, file.Document, "not listed")}, nil
	case size != file.Size:
		return []Violation{Found(FileDiffers, file.Document, "another size")}, nil
	case !c.Options.Deep || c.Reader == nil:
		return nil, nil
	}
	body, _, err := c.Reader.Open(ctx, file.Key)
	if missing(err) {
		return []Violation{Found(FileMissing, file.Document, "listed, and not to be read")}, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // it was only read
	digest := sha256.New()
	if _, err := io.Copy(digest, body); err != nil {
		return nil, err
	}
	if [32]byte(digest.Sum(nil)) != file.SHA256 {
		return []Violation{Found(FileDiffers, file.Document, "another digest")}, nil
	}
	return nil, nil
}

// strays judges the objects that nothing in the database knows. A young one is
// told and left alone. owned tells of documents' own keys whether they are there.
func (c Checker) strays(ctx context.Context, listed map[string]core.Blob, owned map[string]bool) ([]Violation, error) {
	owners := map[string]core.ID{}
	ids := []core.ID{}
	for key := range listed {
		if strings.HasPrefix(key, "canary/") { // of a probe at a start; it holds nothing
			continue
		}
		owners[key] = documentOf(key)
		ids = append(ids, owners[key])
	}
	if len(owners) == 0 {
		return nil, nil
	}
	fates, err := c.Database.Fates(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []Violation
	for key, document := range owners {
		rule := FileOrphaned
		switch {
		case fates[document].Deleted:
			rule = FileLeft
		case owned[core.OtherPlace(key)]:
			rule = FileDoubled
		}
		v := Found(rule, document, printable(key))
		v.Subject, v.Mendable = key, c.Now().Sub(listed[key].WrittenAt) > c.Options.Orphan
		found = append(found, v)
	}
	return found, nil
}

// documentOf reads the document's id off a key: user/document/name, behind the
// mark of its tier. Zero says
// that the key is not of our making.
func documentOf(key string) core.ID {
	parts := strings.Split(core.InTier(key, core.Hot), "/")
	if len(parts) != 3 {
		return core.ID{}
	}
	if _, err := core.ParseID(parts[0]); err != nil {
		return core.ID{}
	}
	id, _ := core.ParseID(parts[1])
	return id
}

// printable names a key: one of our own holds ids alone, of any other a digest
// is told.
func printable(key string) string {
	if !documentOf(key).IsZero() && strings.Trim(key[strings.LastIndexByte(key, '/')+1:], "abcdefghijklmnopqrstuvwxyz.") == "" {
		return key
	}
	digest := sha256.Sum256([]byte(key))
	return "a foreign key, sha256 " + hex.EncodeToString(digest[:8])
}
