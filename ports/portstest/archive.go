package portstest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

// Archive checks an implementation against the contract of ports.Archive. open
// gives an empty one each time, and may leave others' objects around it.
func Archive(t *testing.T, open func(t *testing.T) ports.Archive) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, ports.Archive){
		"what_was_stored_is_read":              archiveKeeps,
		"nothing_is_replaced":                  archiveReplacesNothing,
		"what_fails_leaves_nothing":            archiveLeavesNothing,
		"what_is_not_there_is_said":            archiveMisses,
		"a_list_is_of_its_prefix_and_sorted":   archiveLists,
		"removing_removes_or_is_not_supported": archiveRemoves,
		"whoever_is_let_in_can_leave":          archiveLocks,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func archived(t *testing.T, a ports.Archive, name string, content []byte) {
	t.Helper()
	if err := a.Create(t.Context(), name, writes(content)); err != nil {
		t.Fatal(err)
	}
}

// writes fills an object in pieces of uneven sizes.
func writes(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		for piece := range slices.Chunk(content, 70_001) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	}
}

func archivedAt(t *testing.T, a ports.Archive, name string) []byte {
	t.Helper()
	body, err := a.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func archiveKeeps(t *testing.T, a ports.Archive) {
	for name, size := range map[string]int{"backups/a/one": 1, "objects/aa/b": 300_000, "objects/large": 17<<20 + 3} {
		content := bytes.Repeat([]byte("seven quiet herons "), size/19+1)[:size]
		archived(t, a, name, content)
		if got := archivedAt(t, a, name); !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes came back of %d", name, len(got), size)
		}
	}
}

func archiveReplacesNothing(t *testing.T, a ports.Archive) {
	archived(t, a, "backups/a", []byte("first"))
	if err := a.Create(t.Context(), "backups/a", writes([]byte("second"))); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the same name again: %v", err)
	}
	if got := archivedAt(t, a, "backups/a"); string(got) != "first" {
		t.Errorf("it is %q", got)
	}
}

func archiveLeavesNothing(t *testing.T, a ports.Archive) {
	broken := errors.New("the source broke")
	for name, before := range map[string]int{"backups/small": 10, "backups/large": 20 << 20} {
		err := a.Create(t.Context(), name, func(w io.Writer) error {
			if err := writes(make([]byte, before))(w); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := a.List(t.Context(), "backups/"); len(left) != 0 || err != nil {
		t.Errorf("left are %v, %v", left, err)
	}
}

func archiveMisses(t *testing.T, a ports.Archive) {
	if _, err := a.Open(t.Context(), "backups/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an object that is not there: %v", err)
	}
	if all, err := a.List(t.Context(), "none/"); len(all) != 0 || err != nil {
		t.Errorf("a prefix of nothing: %v, %v", all, err)
	}
}

func archiveLists(t *testing.T, a ports.Archive) {
	before := time.Now().Add(-time.Minute)
	for _, name := range []string{"objects/b/2", "objects/a/1", "objects/b/1", "objectsx/1", "backups/1"} {
		archived(t, a, name, []byte(name))
	}
	all, err := a.List(t.Context(), "objects/")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Name)
		if one.Size != int64(len(one.Name)) || one.Modified.Before(before) || one.Modified.After(time.Now().Add(time.Minute)) {
			t.Errorf("%s has %d bytes of %s", one.Name, one.Size, one.Modified)
		}
	}
	if !slices.Equal(names, []string{"objects/a/1", "objects/b/1", "objects/b/2"}) {
		t.Errorf("listed are %v", names)
	}
}

func archiveRemoves(t *testing.T, a ports.Archive) {
	archived(t, a, "objects/a/1", []byte("1"))
	err := a.Remove(t.Context(), "objects/a/1", "objects/none")
	all, failed := a.List(t.Context(), "objects/")
	if failed != nil {
		t.Fatal(failed)
	}
	if a.Permanent() != errors.Is(err, errors.ErrUnsupported) || a.Permanent() != (len(all) == 1) || !a.Permanent() && err != nil {
		t.Errorf("permanent: %t, removed: %v, and %d are left", a.Permanent(), err, len(all))
	}
}

func archiveLocks(t *testing.T, a ports.Archive) {
	for range 2 {
		release, err := a.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		archived(t, a, "backups/"+time.Now().Format("150405.000000000"), []byte("1"))
		release()
	}
}
