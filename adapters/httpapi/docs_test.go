package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// markup is what the page is made of.
type markup struct {
	ids      map[string]int
	links    []string
	elements map[string]int
	loads    []string // attributes by which a page fetches something
}

// parsed reads the page as XML, which is stricter than any browser: a tag that
// is not closed is an error.
func parsed(t *testing.T, page []byte) markup {
	t.Helper()
	m := markup{ids: map[string]int{}, elements: map[string]int{}}
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return m
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		if element, is := token.(xml.StartElement); is {
			m.take(element)
		}
	}
}

func (m *markup) take(element xml.StartElement) {
	m.elements[element.Name.Local]++
	for _, a := range element.Attr {
		switch name := a.Name.Local; {
		case name == "id":
			m.ids[a.Value]++
		case name == "href":
			m.links = append(m.links, a.Value)
		case name == "src", name == "style", name == "srcset", name == "data", name == "action", strings.HasPrefix(name, "on"):
			m.loads = append(m.loads, name+"="+a.Value)
		}
	}
}

var styleOf = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

func TestDocsPage(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.DocsEnabled = true })
	got := b.get(pathDocs, "")
	if got.status != 200 || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	page := string(got.body)
	m := parsed(t, got.body)
	for id, n := range m.ids {
		if n > 1 {
			t.Errorf("the id %s is there %d times", id, n)
		}
	}
	for _, link := range m.links {
		if target, inside := strings.CutPrefix(link, "#"); inside && m.ids[target] == 0 {
			t.Errorf("the link %s leads nowhere", link)
		}
		if strings.Contains(link, ":") || strings.HasPrefix(link, "/") {
			t.Errorf("the link %s leads out", link)
		}
	}
	if len(m.loads) > 0 || m.elements["script"]+m.elements["link"]+m.elements["img"]+m.elements["iframe"] > 0 {
		t.Errorf("the page loads something: %v %v", m.loads, m.elements)
	}
	rest := strings.NewReplacer("https://api.example.org", "", "https://storage.example.org", "",
		"https://app.example.org", "", "https://accounts.example.org", "").Replace(page)
	if at := regexp.MustCompile(`https?://|@import|url\(`).FindString(rest); at != "" {
		t.Errorf("the page has an address of outside: %s", at)
	}
	sum := sha256.Sum256([]byte(styleOf.FindStringSubmatch(page)[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if csp := got.header.Get("Content-Security-Policy"); csp != want || m.elements["style"] != 1 {
		t.Errorf("the policy does not let the style in, or more than it: %s", csp)
	}
}

// Every operation of the document is on the page: its place in the contents,
// its command line, its parameters and its own errors.
func TestDocsPageTellsEveryOperation(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.DocsEnabled = true })
	page := string(b.get(pathDocs, "").body)
	for path, item := range loaded(t).Paths.Map() {
		for method, op := range item.Operations() {
			begin := strings.Index(page, `<article id="`+op.OperationID+`"`)
			if begin < 0 || !strings.Contains(page, `<a href="#`+op.OperationID+`">`) {
				t.Errorf("%s %s is not on the page", method, path)
				continue
			}
			part, _, _ := strings.Cut(page[begin:], "</article>")
			for _, fault := range missing(part, op) {
				t.Errorf("%s %s: the page does not tell %s", method, path, fault)
			}
		}
	}
	if b := newBench(t); b.get(pathDocs, "").status != 404 {
		t.Error("the page is served where it is off")
	}
}

func missing(part string, op *openapi3.Operation) (faults []string) {
	need := func(text, what string) {
		if !strings.Contains(part, text) {
			faults = append(faults, what)
		}
	}
	need("curl -s", "a command line")
	for _, p := range op.Parameters {
		need("<code>"+p.Value.Name+"</code>", "parameter "+p.Value.Name)
	}
	for status := range op.Responses.Map() {
		switch status {
		case "400", "413", "429", "431", "500": // of every operation
		default:
			need(status, "status "+status)
		}
	}
	if op.Security != nil && len(*op.Security) > 0 {
		need("needs an access token", "that it needs a token")
	}
	return faults
}
