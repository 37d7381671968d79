package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"github.com/insurance-navigator/navigator/ports"
)

// Vault is an archive with its keys.
type Vault struct {
	archive ports.Archive
	keys    Keys
}

// New makes a vault over an archive.
func New(archive ports.Archive, keys Keys) *Vault { return &Vault{archive, keys} }

// Lock is the archive's.
func (v *Vault) Lock(ctx context.Context) (func(), error) { return v.archive.Lock(ctx) }

// Part is one encrypted object of the archive, as it lies there.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Write encrypts what fill writes, in constant memory.
func (v *Vault) Write(ctx context.Context, name string, fill func(io.Writer) error) (Part, error) {
	sum := &counted{Hash: sha256.New()}
	err := v.archive.Create(ctx, name, func(w io.Writer) error {
		locked, err := v.keys.lock(io.MultiWriter(w, sum))
		if err != nil {
			return err
		}
		if err := fill(locked); err != nil {
			return err // without Close the text has no end and cannot be read as one
		}
		return locked.Close()
	})
	return Part{name, sum.n, hex.EncodeToString(sum.Sum(nil))}, err
}

// Read decrypts a part. The end of what use reads is the end of a part that was
// proved: one that is cut or changed is ErrDamaged in place of io.EOF.
func (v *Vault) Read(ctx context.Context, part Part, use func(io.Reader) error) error {
	file, err := v.archive.Open(ctx, part.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", part.Name, ErrMissing)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", part.Name, bare(err))
	}
	defer file.Close() //nolint:errcheck // it was only read
	sum := &counted{Hash: sha256.New()}
	locked := io.TeeReader(file, sum)
	plain, err := v.keys.unlock(locked)
	if err == nil {
		proof := &proved{plain: plain, locked: locked, sum: sum, part: part}
		if err = use(proof); err == nil {
			_, err = io.Copy(io.Discard, proof)
		}
		if proof.broken != nil {
			err = proof.broken
		}
	} else if !sum.of(locked, part) {
		err = ErrDamaged // a broken head reads as another's key
	}
	if err != nil {
		return fmt.Errorf("%s: %w", part.Name, err)
	}
	return ctx.Err()
}

// proved is a reader whose end is given only when the part was as promised.
type proved struct {
	plain, locked io.Reader
	sum           *counted
	part          Part
	broken        error
}

// Read implements io.Reader.
func (p *proved) Read(b []byte) (int, error) {
	if p.broken != nil {
		return 0, p.broken
	}
	n, err := p.plain.Read(b)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) || !p.sum.of(p.locked, p.part) {
		p.broken = ErrDamaged
		return n, p.broken
	}
	return n, io.EOF
}

// counted is a hash that counts.
type counted struct {
	hash.Hash
	n int64
}

// Write implements io.Writer.
func (c *counted) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return c.Hash.Write(b)
}

// of reads the rest and compares the whole with the part.
func (c *counted) of(rest io.Reader, part Part) bool {
	_, err := io.Copy(io.Discard, rest)
	return err == nil && c.n == part.Size && hex.EncodeToString(c.Sum(nil)) == part.SHA256
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
