package main

import (
	"context"
	"embed"
	"encoding/json"
	"time"

	"github.com/insurance-navigator/navigator/bench/npmdir"
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
	if tool := npmdir.Missing(); tool != "" {
		return nil, "LangChain's splitters are not compared: they need node and npm, and " + tool + " is not installed here", nil
	}
	dir, err := npmdir.Install(ctx, langchain, "langchain")
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
	answer, err := npmdir.Run(ctx, dir, question, "node", "split.mjs")
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
