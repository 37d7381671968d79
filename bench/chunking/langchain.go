package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed langchain/package.json langchain/package-lock.json langchain/split.mjs
var langchain embed.FS

// rival is one of LangChain's splitters with its size, in its own unit.
type rival struct {
	Kind    string `json:"kind"`
	Size    int    `json:"chunkSize"`
	Overlap int    `json:"chunkOverlap"`
	Passes  int    `json:"passes"`

	name  string
	chars bool
}

var rivals = []rival{
	{"recursive", 1000, 200, passes, "RecursiveCharacterTextSplitter, 1000/200 characters", true},
	{"recursive", 2000, 250, passes, "RecursiveCharacterTextSplitter, 2000/250 characters", true},
	{"markdown", 1000, 200, passes, "MarkdownTextSplitter, 1000/200 characters", true},
	{"markdown", 2000, 250, passes, "MarkdownTextSplitter, 2000/250 characters", true},
	{"recursive-tokens", 512, 64, 1, "RecursiveCharacterTextSplitter, 512/64 tokens", false},
	{"token", 512, 64, 1, "TokenTextSplitter, 512/64 tokens", false},
}

// rivalSplitters is LangChain's splitters; skipped says why there are none.
func rivalSplitters(ctx context.Context) (all []splitter, skipped string, err error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, "LangChain's splitters are not compared: they need node and npm, and " + tool + " is not installed here", nil
		}
	}
	dir, err := installed(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, r := range rivals {
		all = append(all, splitter{name: "LangChain " + r.name, chars: r.chars,
			split: func(ctx context.Context, sources []source) ([]passage, time.Duration, error) {
				return r.split(ctx, dir, sources)
			}})
	}
	return all, "", nil
}

// installed is a folder with the script and what its lock file pins, kept in
// the user's cache under their digest.
func installed(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, name := range []string{"package-lock.json", "split.mjs"} {
		text, err := langchain.ReadFile("langchain/" + name)
		if err != nil {
			return "", err
		}
		digest.Write(text)
	}
	kept := filepath.Join(cache, "navigator", "langchain", fmt.Sprintf("%.12x", digest.Sum(nil)))
	dir := filepath.Join(kept, "langchain")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(kept); err != nil { // what an interrupted run left
		return "", err
	}
	if err := os.CopyFS(kept, langchain); err != nil {
		return "", err
	}
	_, err = output(ctx, dir, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	return dir, err
}

func (r rival) split(ctx context.Context, dir string, sources []source) ([]passage, time.Duration, error) {
	type wirePage struct {
		Number int    `json:"number"`
		Text   string `json:"text"`
	}
	type wireSource struct {
		Pages []wirePage `json:"pages"`
	}
	in := struct {
		rival
		Sources []wireSource `json:"sources"`
	}{rival: r}
	for _, s := range sources {
		var pages []wirePage
		for _, p := range s.Pages {
			pages = append(pages, wirePage{p.Number, p.Text})
		}
		in.Sources = append(in.Sources, wireSource{pages})
	}
	question, err := json.Marshal(in)
	if err != nil {
		return nil, 0, err
	}
	answer, err := output(ctx, dir, question, "node", "split.mjs")
	if err != nil {
		return nil, 0, err
	}
	return readSplit(answer)
}

func readSplit(answer []byte) ([]passage, time.Duration, error) {
	var out struct {
		Took     float64 `json:"took"` // milliseconds
		Passages []struct {
			Text   string `json:"text"`
			Source int    `json:"source"`
			Page   int    `json:"page"`
		} `json:"passages"`
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return nil, 0, err
	}
	var all []passage
	for _, p := range out.Passages {
		all = append(all, passage{Text: p.Text, From: p.Page, To: p.Page, source: p.Source, input: p.Text})
	}
	return all, time.Duration(out.Took * float64(time.Millisecond)), nil
}

// output is the command's standard output; an error holds what it said.
func output(ctx context.Context, dir string, stdin []byte, name string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // node or npm, named in this file
	var out, said bytes.Buffer
	command.Dir, command.Stdin, command.Stdout, command.Stderr = dir, bytes.NewReader(stdin), &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, said.Bytes())
	}
	return out.Bytes(), nil
}
