// Command sbom writes the bill of materials of a Go program to standard output,
// in CycloneDX 1.5: every module that is linked into it, as the program itself
// tells. The same program gives the same bytes.
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("run it as: sbom PROGRAM")
	}
	info, err := buildinfo.ReadFile(args[0])
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(billOf(info))
}

// Bill is a CycloneDX document, as far as a Go program fills it.
type Bill struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   Metadata    `json:"metadata"`
	Components []Component `json:"components"`
}

// Metadata says what the bill is of.
type Metadata struct {
	Component Component `json:"component"`
}

// Component is a program, a module, or the standard library.
type Component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`

	Properties []Property `json:"properties,omitempty"`
}

// Property is what CycloneDX has no field for: here go.sum's sum, which is of a
// module's tree and not of an archive.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func billOf(info *debug.BuildInfo) Bill {
	bill := Bill{Format: "CycloneDX", Spec: "1.5", Version: 1}
	bill.Metadata.Component = Component{Type: "application", Ref: info.Path, Name: info.Path, Version: info.Main.Version}
	bill.Components = []Component{library("std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		component := library(module.Path, module.Version)
		if module.Sum != "" {
			component.Properties = []Property{{"go:sum", module.Sum}}
		}
		bill.Components = append(bill.Components, component)
	}
	return bill
}

func library(path, version string) Component {
	purl := "pkg:golang/" + path + "@" + version
	return Component{Type: "library", Ref: purl, Name: path, Version: version, PURL: purl}
}
