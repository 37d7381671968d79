package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// found is one file that is to be uploaded, or cannot be.
type found struct {
	path string
	name string // as it is shown: a file in a folder with its way from there
	err  error  // why it cannot be sent; nil otherwise
}

// passed is one file of a folder that is left out.
type passed struct {
	File   string `json:"file"`
	Reason string `json:"skipped"`
}

// gathering is what the arguments name, each file once.
type gathering struct {
	files   []found
	skipped []passed
	seen    map[string]bool
}

// gather looks through the arguments. A file that is named goes whatever it is
// called, for the service looks for itself; of a folder and the folders in it
// the PDFs go.
func gather(paths []string) *gathering {
	g := &gathering{seen: map[string]bool{}}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			g.folder(path)
			continue
		}
		g.add(found{path: path, name: filepath.Base(path), err: sendable(info, err)})
	}
	return g
}

// sendable says in words why a file cannot be sent.
func sendable(info fs.FileInfo, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case err != nil:
		return errors.New("the file cannot be read")
	case !info.Mode().IsRegular():
		return errors.New("this is not a plain file")
	case info.Size() == 0:
		return errors.New("the file is empty")
	}
	return nil
}

func (g *gathering) add(f found) {
	whole, err := filepath.Abs(f.path)
	if err != nil {
		whole = f.path
	}
	if g.seen[whole] {
		g.skip(f.name, "named twice")
		return
	}
	g.seen[whole] = true
	g.files = append(g.files, f)
}

func (g *gathering) skip(name, reason string) {
	g.skipped = append(g.skipped, passed{name, reason})
}

// folder takes the PDFs under a folder, in the order of their names.
func (g *gathering) folder(root string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error { // no step fails the walk
		name := shownUnder(root, path)
		switch {
		case err != nil:
			g.skip(name, "cannot be read")
			return skipping(entry)
		case path == root:
			return nil
		case strings.HasPrefix(entry.Name(), "."):
			g.skip(name, "hidden")
			return skipping(entry)
		case entry.IsDir():
			return nil
		}
		g.entry(path, name, entry)
		return nil
	})
}

// skipping leaves out what is below a folder.
func skipping(entry fs.DirEntry) error {
	if entry != nil && entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func shownUnder(root, path string) string {
	below, err := filepath.Rel(root, path)
	if err != nil || below == "." {
		return path
	}
	return below
}

// entry takes a folder's file where it is a PDF that can be sent.
func (g *gathering) entry(path, name string, entry fs.DirEntry) {
	if entry.Type()&fs.ModeSymlink != 0 {
		g.skip(name, "a symbolic link")
		return
	}
	if !strings.EqualFold(filepath.Ext(name), ".pdf") {
		g.skip(name, "not a PDF")
		return
	}
	info, err := entry.Info()
	if err = sendable(info, err); err != nil {
		g.skip(name, err.Error())
		return
	}
	g.add(found{path: path, name: name})
}

// open opens what was found, and says how large it is by now.
func (f found) open() (*os.File, int64, error) {
	if f.err != nil {
		return nil, 0, f.err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, 0, errors.New("the file cannot be read")
	}
	info, err := file.Stat()
	if err = sendable(info, err); err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}
