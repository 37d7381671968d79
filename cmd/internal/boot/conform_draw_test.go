package boot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// draw makes a call of an operation: each part of it is good more often than
// broken, so that broken parts also meet what lies behind the others.
func (c *conformance) draw(rt *rapid.T, route *routers.Route) call {
	if c.perishable = c.ids; route.Method == http.MethodDelete && strings.HasPrefix(route.Path, "/documents/") {
		c.perishable = []string{c.fresh()}
	}
	one := call{method: route.Method, target: route.Path, header: http.Header{}}
	query := []string{}
	for _, ref := range route.Operation.Parameters {
		p := ref.Value
		switch p.In {
		case "path":
			one.target = strings.ReplaceAll(one.target, "{"+p.Name+"}", c.segment(rt, p.Name))
		case "query":
			query = append(query, c.queryOf(rt, p)...)
		case "header":
			if rapid.Bool().Draw(rt, "with "+p.Name) {
				one.header.Set(p.Name, c.headerText(rt, p))
			}
		}
	}
	if broken(rt, "query") {
		query = append(query, rapid.SampledFrom([]string{"unknown=1", "%00=%00", "=", "&&&", "a=" + strings.Repeat("b", 3000)}).Draw(rt, "query"))
	}
	if len(query) > 0 {
		one.target += "?" + strings.Join(query, "&")
	}
	one.stranger = c.token(rt, one.header)
	c.oddHeaders(rt, one.header)
	c.payload(rt, route.Operation, &one)
	return one
}

// broken is true for one part in six.
func broken(rt *rapid.T, what string) bool {
	return rapid.IntRange(0, 5).Draw(rt, "broken "+what) == 5
}

// odd is text that has broken programs before.
func odd(rt *rapid.T, what string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "null", "true", "-1", "0", "9223372036854775808", "1e400", "NaN", "\x00", "a\x00b", "\n", "\r\n\r\n", "'; drop table x; --",
			"../../etc/passwd", "%", "%zz", "\u202e", "\ufeff", "\U0001f9fe", "\xff\xfe", "{}", "[]", "0000-00-00", "9999-12-31T23:59:59Z",
			"-0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", strings.Repeat("a", 300), strings.Repeat("ä", 5000),
		}),
		rapid.String(),
	).Draw(rt, what)
}

// known is a good value for what only this world can tell.
func (c *conformance) known(rt *rapid.T, name string) (string, bool) {
	switch name {
	case "id", "ids", "document_id":
		return rapid.SampledFrom(append(slices.Clone(c.perishable), c.perishable[0], c.foreign, core.NewID().String())).Draw(rt, name), true
	case "email":
		return rapid.SampledFrom([]string{"ada@example.com", "nobody@example.com", "new" + core.NewID().String() + "@example.com"}).Draw(rt, name), true
	case "password":
		return rapid.SampledFrom([]string{"quiet-heron-lantern-ada", "another quiet heron"}).Draw(rt, name), true
	}
	return "", false
}

func (c *conformance) segment(rt *rapid.T, name string) string {
	if good, ok := c.known(rt, name); ok && !broken(rt, name) {
		return good
	}
	text := odd(rt, name)
	if len(text) > 2000 {
		text = text[:2000]
	}
	return url.PathEscape(text)
}

func (c *conformance) queryOf(rt *rapid.T, p *openapi3.Parameter) (pairs []string) {
	if !p.Required && !rapid.Bool().Draw(rt, "with "+p.Name) {
		return nil
	}
	values := []any{c.value(rt, p.Name, p.Schema.Value)}
	if list, is := values[0].([]any); is {
		values = list
	}
	for _, value := range values {
		text := fmt.Sprint(value)
		if broken(rt, p.Name) {
			text = odd(rt, p.Name)
		}
		pairs = append(pairs, p.Name+"="+url.QueryEscape(text))
	}
	if broken(rt, p.Name+" twice") && len(pairs) > 0 {
		pairs = append(pairs, pairs[0])
	}
	return pairs
}

// headerText is a value that a client can send at all.
func (c *conformance) headerText(rt *rapid.T, p *openapi3.Parameter) string {
	text := fmt.Sprint(p.Example)
	if p.Example == nil {
		text = fmt.Sprint(c.value(rt, p.Name, p.Schema.Value))
	}
	if broken(rt, p.Name) {
		text = rapid.OneOf(rapid.SampledFrom([]string{"", "bytes=", "bytes=9-1", "bytes=99999999999-", "bytes=0-1,3-4", "*", "W/\"x\"", "\""}), rapid.String()).Draw(rt, p.Name)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, text))
}

// token sets the authorization and reports whether nobody here is meant by it.
func (c *conformance) token(rt *rapid.T, header http.Header) (stranger bool) {
	kind := "ada"
	if broken(rt, "token") {
		kind = rapid.SampledFrom([]string{"bob", "bob", "none", "garbage", "cut", "scheme", "forged"}).Draw(rt, "token")
	}
	text := map[string]string{
		"ada": "Bearer " + c.ada.token, "bob": "Bearer " + c.bob.token, "garbage": "Bearer x.y.z", "cut": "Bearer " + c.ada.token[:len(c.ada.token)/2],
		"scheme": "Basic " + c.ada.token, "forged": "Bearer " + c.ada.token[:strings.LastIndex(c.ada.token, ".")+1] + strings.Repeat("A", 86),
	}[kind]
	if text != "" {
		header.Set("Authorization", text)
	}
	return kind != "ada" && kind != "bob"
}

func (c *conformance) oddHeaders(rt *rapid.T, header http.Header) {
	if !broken(rt, "headers") {
		return
	}
	one := rapid.SampledFrom([][2]string{
		{"X-Request-ID", "not an id"}, {"X-Request-ID", core.NewID().String()}, {"Accept", "text/csv"}, {"Accept", "application/cbor, */*;q=0.1"},
		{"Content-Encoding", "gzip"}, {"X-Big", strings.Repeat("x", 70<<10)}, {"Accept-Language", "\"\\"}, {"Cookie", "a=b"}, {"Origin", "https://evil.example"},
		{"X-HTTP-Method-Override", "DELETE"}, {"Expect", "100-continue"}, {"If-None-Match", "*"}, {"If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT"},
	}).Draw(rt, "header")
	header.Set(one[0], one[1])
}

// payload sets the body and its type.
func (c *conformance) payload(rt *rapid.T, op *openapi3.Operation, one *call) {
	if op.RequestBody == nil {
		if broken(rt, "body where none belongs") {
			one.body = []byte(odd(rt, "body"))
		}
		return
	}
	content := op.RequestBody.Value.Content
	kind := rapid.SampledFrom(slices.Sorted(maps.Keys(content))).Draw(rt, "media type")
	schema := content[kind].Schema.Value
	if kind == "multipart/form-data" {
		kind, one.body = c.form(rt, schema)
	} else {
		one.body = c.json(rt, schema)
	}
	if broken(rt, "content type") {
		kind = rapid.SampledFrom([]string{"", "text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16", "application/json;;", "*/*", "x"}).Draw(rt, "content type")
	}
	if kind != "" {
		one.header.Set("Content-Type", kind)
	}
}

// json is a body of a schema, as it should be or spoiled in one place.
func (c *conformance) json(rt *rapid.T, schema *openapi3.Schema) []byte {
	value := c.value(rt, "body", schema)
	if fields, is := value.(map[string]any); is && rapid.Bool().Draw(rt, "broken body") {
		c.spoil(rt, fields)
	}
	body, err := json.Marshal(value)
	if err != nil {
		rt.Fatal(err)
	}
	if broken(rt, "JSON") {
		return rapid.SampledFrom([][]byte{
			nil, []byte("null"), []byte("[]"), []byte(`"x"`), body[:len(body)/2], append(slices.Clone(body), body...), []byte("\xff"), []byte(`{"a":1,"a":2}`),
			bytes.Repeat([]byte("["), 60<<10), append(bytes.Repeat([]byte(" "), 70<<10), body...), []byte(`{"\ud800":"\ud800"}`), []byte(`{"query":1e999}`),
		}).Draw(rt, "JSON")
	}
	return body
}

// spoil breaks one field.
func (c *conformance) spoil(rt *rapid.T, fields map[string]any) {
	names := append(slices.Sorted(maps.Keys(fields)), "unknown\x00field", "__proto__")
	name := rapid.SampledFrom(names).Draw(rt, "field")
	fields[name] = rapid.SampledFrom([]any{
		nil, true, -1, 0, 1 << 53, json.Number("1e308"), json.Number("9223372036854775808"), 0.5, "", []any{}, map[string]any{}, []any{nil}, []any{[]any{}},
		strings.Repeat("x", 10_000), "a\x00b", "\u202e\ufeff", odd(rt, "value"), []any{odd(rt, "item")},
	}).Draw(rt, "value of "+name)
	if rapid.Bool().Draw(rt, "absent") {
		delete(fields, name)
	}
}

// value is a value of a schema.
func (c *conformance) value(rt *rapid.T, name string, s *openapi3.Schema) any {
	if len(s.Enum) > 0 {
		return rapid.SampledFrom(s.Enum).Draw(rt, name)
	}
	switch {
	case s.Type.Is("object"):
		return c.object(rt, s)
	case s.Type.Is("array"):
		most := 4
		if s.MaxItems != nil {
			most = min(most, int(*s.MaxItems)) //nolint:gosec // a small bound of ours
		}
		list := []any{}
		for range rapid.IntRange(min(int(s.MinItems), most), most).Draw(rt, name) { //nolint:gosec // the same
			list = append(list, c.value(rt, name, s.Items.Value))
		}
		return list
	case s.Type.Is("boolean"):
		return rapid.Bool().Draw(rt, name)
	case s.Type.Is("integer"):
		return rapid.Int64Range(int64(bound(s.Min, math.MinInt32)), int64(bound(s.Max, math.MaxInt32))).Draw(rt, name)
	case s.Type.Is("number"):
		return rapid.Float64Range(bound(s.Min, -1e9), bound(s.Max, 1e9)).Draw(rt, name)
	}
	return c.text(rt, name, s)
}

func bound(limit *float64, otherwise float64) float64 {
	if limit != nil {
		return *limit
	}
	return otherwise
}

func (c *conformance) object(rt *rapid.T, s *openapi3.Schema) map[string]any {
	fields := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || rapid.Bool().Draw(rt, "with "+name) {
			fields[name] = c.value(rt, name, s.Properties[name].Value)
		}
	}
	return fields
}

func (c *conformance) text(rt *rapid.T, name string, s *openapi3.Schema) string {
	if good, ok := c.known(rt, name); ok {
		return good
	}
	switch s.Format {
	case "uuid":
		return core.NewID().String()
	case "date-time":
		return rapid.SampledFrom([]string{"2026-01-31T09:00:00Z", "2126-01-31T09:00:00.123456789+05:30", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"}).Draw(rt, name)
	}
	if example, is := s.Example.(string); is && rapid.Bool().Draw(rt, "the example of "+name) {
		return example
	}
	most := 200
	if s.MaxLength != nil {
		most = min(most, int(*s.MaxLength)) //nolint:gosec // a small bound of ours
	}
	return rapid.StringN(int(s.MinLength), most, -1).Draw(rt, name) //nolint:gosec // the same
}

// form is an upload, as it should be or spoiled in one place.
func (c *conformance) form(rt *rapid.T, s *openapi3.Schema) (kind string, body []byte) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if broken(rt, "without "+name) {
			continue
		}
		c.part(rt, w, name, s.Properties[name].Value)
	}
	if broken(rt, "parts") {
		for range rapid.SampledFrom([]int{1, 99, 101}).Draw(rt, "more parts") {
			_ = w.WriteField(rapid.SampledFrom([]string{"x", "file", "policy_id", ""}).Draw(rt, "name"), "more")
		}
	}
	_ = w.Close()
	kind, body = w.FormDataContentType(), out.Bytes()
	if broken(rt, "form") {
		body = rapid.SampledFrom([][]byte{nil, body[:len(body)/2], body[2:], []byte("--" + w.Boundary() + "--"), []byte("--" + w.Boundary() + "\r\n\r\n"), []byte("x")}).Draw(rt, "form")
	}
	return kind, body
}

func (c *conformance) part(rt *rapid.T, w *multipart.Writer, name string, s *openapi3.Schema) {
	if s.Format != "binary" {
		text := fmt.Sprint(c.value(rt, name, s))
		if broken(rt, name) {
			text = odd(rt, name)
		}
		_ = w.WriteField(name, text)
		return
	}
	filename := "policy.pdf"
	if broken(rt, "file name") {
		filename = strings.Map(headerSafe, odd(rt, "file name"))
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, name, filename))
	header.Set("Content-Type", rapid.SampledFrom([]string{"application/pdf", "application/pdf", "application/octet-stream", "image/png", "x"}).Draw(rt, "type of the file"))
	part, err := w.CreatePart(header)
	if err != nil {
		rt.Fatal(err)
	}
	_, _ = part.Write(c.file(rt))
}

func headerSafe(r rune) rune {
	if r < ' ' {
		return '_'
	}
	return r
}

func (c *conformance) file(rt *rapid.T) []byte {
	c.uploads++
	fresh := corpus.Filler(1, c.uploads).Bytes
	return rapid.SampledFrom([][]byte{
		fresh, fresh, fresh, corpus.MemberCard().Bytes, corpus.Encrypted().Bytes, corpus.Broken().Bytes, nil, []byte("%PDF-1.7"), []byte("GIF89a"), fresh[:len(fresh)/2],
	}).Draw(rt, "file")
}
