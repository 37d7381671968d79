package vault

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// File is one stored file in a backup's list. A document's file never changes,
// so that all backups share one copy.
type File struct {
	Document core.ID `json:"document"`
	Key      string  `json:"key"` // in the storage
	Type     string  `json:"type"`
	Size     int64   `json:"size"`
	SHA256   []byte  `json:"sha256"`
	Part     Part    `json:"part"` // empty where the storage did not have it
}

// Lost reports whether the backup is without the file.
func (f File) Lost() bool { return f.Part.Name == "" }

// NewFileName draws where a copy of a document's file is to lie in the archive.
// Each copy has a name of its own: what a killed backup left, or another makes at
// the same time, is in nobody's way.
func NewFileName(document core.ID) string {
	id := document.String()
	return path.Join("objects", id[len(id)-2:], id+"-"+strings.ToLower(rand.Text()[:10])+".age")
}

// WriteFiles writes a backup's list.
func (v *Vault) WriteFiles(ctx context.Context, m Manifest, files []File) (Part, error) {
	return v.Write(ctx, path.Join(m.Folder(), "objects.age"), func(w io.Writer) error {
		return encodeLines(w, files)
	})
}

// ReadFiles reads a backup's list.
func (v *Vault) ReadFiles(ctx context.Context, m Manifest) (files []File, err error) {
	err = v.Read(ctx, m.Objects, func(r io.Reader) error {
		files, err = decodeLines[File](r)
		return err
	})
	return files, err
}

// Present tells each file that the archive has, by its name.
func (v *Vault) Present(ctx context.Context) (map[string]ports.Archived, error) {
	entries, err := v.archive.List(ctx, "objects/")
	files := make(map[string]ports.Archived, len(entries))
	for _, one := range entries {
		files[one.Name] = one
	}
	return files, err
}

// encodeLines writes a value of JSON a line.
func encodeLines[T any](w io.Writer, values []T) error {
	buffer := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffer)
	for _, one := range values {
		if err := encoder.Encode(one); err != nil {
			return err
		}
	}
	return buffer.Flush()
}

func decodeLines[T any](r io.Reader) (values []T, err error) {
	decoder := json.NewDecoder(r)
	for {
		var one T
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil:
			return nil, err
		}
		values = append(values, one)
	}
}
