// Package prometheus holds the rules that alert, and what makes them: the rules
// of the objectives are generated from Objectives, the others are written by
// hand, a file a theme. The files are templates: ${env}, ${runbooks} and
// ${dashboards} stand for what differs between deployments. Terraform's
// templatefile fills them as Files does.
package prometheus

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var written embed.FS

// Settings is what differs between deployments.
type Settings struct {
	Env        string // the label of alerts that have no series to take it from
	Runbooks   string // the address of docs/runbooks, without a slash at its end
	Dashboards string // the address of Grafana, without a slash at its end
}

// Example is settings for tests and checks.
func Example() Settings {
	return Settings{"production", "https://docs.example.com/runbooks", "https://grafana.example.com"}
}

// fill puts the settings in.
func (s Settings) fill(text string) string {
	return strings.NewReplacer("${env}", s.Env, "${runbooks}", s.Runbooks, "${dashboards}", s.Dashboards).Replace(text)
}

// File is one file of rules.
type File struct {
	Name   string `yaml:"-"`
	Text   string `yaml:"-"` // as Prometheus reads it
	Groups []Group
}

// Group is rules that are evaluated one after the other.
type Group struct {
	Name  string
	Rules []Rule
}

// Rule is an alert or a record.
type Rule struct {
	Record      string
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// Files reads every file of rules under the settings, by name.
func Files(s Settings) (files []File, err error) {
	names, err := fs.Glob(written, "*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := written.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f := File{Name: name, Text: s.fill(string(text))}
		if err := yaml.Unmarshal([]byte(f.Text), &f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// Alerts lists the alerts of a file.
func (f File) Alerts() (list []Rule) { return f.rules(func(r Rule) bool { return r.Alert != "" }) }

// Records lists the records of a file.
func (f File) Records() (list []Rule) { return f.rules(func(r Rule) bool { return r.Record != "" }) }

func (f File) rules(which func(Rule) bool) (list []Rule) {
	for _, group := range f.Groups {
		for _, rule := range group.Rules {
			if which(rule) {
				list = append(list, rule)
			}
		}
	}
	return list
}
