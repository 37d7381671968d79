package llamaparse_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/core"
)

func quoted(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

// onRecord is one body of every shape a callback was seen in.
var onRecord = []struct {
	name string
	body string
	want llamaparse.Hint
}{
	{"event", `{"event_id":"149744dd-9002","event_type":"parse.success","timestamp":1753985275.11,"data":{"id":"a9a5","job_id":"a9a5"}}`,
		llamaparse.Hint{EventID: "149744dd-9002", EventType: "parse.success", ProviderJob: "a9a5", Status: "completed", Shape: "event"}},
	{"event with only data.id", `{"event_id":"e","event_type":"parse.success","data":{"id":"pjb-a9a5"}}`,
		llamaparse.Hint{EventID: "e", EventType: "parse.success", ProviderJob: "pjb-a9a5", Status: "completed", Shape: "event"}},
	{"event with data.job.id", `{"event_id":"e","event_type":"parse.running","data":{"job":{"id":"pjb-1","status":"RUNNING"}}}`,
		llamaparse.Hint{EventID: "e", EventType: "parse.running", ProviderJob: "pjb-1", Status: "running", Shape: "event"}},
	{"event in a string", quoted(`{"event_id":"e","event_type":"parse.error","data":{"id":"j"}}`),
		llamaparse.Hint{EventID: "e", EventType: "parse.error", ProviderJob: "j", Status: "failed", Shape: "event"}},
	{"event in a string in a string", quoted(quoted(`{"event_id":"e","event_type":"parse.pending","data":{"id":"j"}}`)),
		llamaparse.Hint{EventID: "e", EventType: "parse.pending", ProviderJob: "j", Status: "pending", Shape: "event"}},
	{"partial success", `{"event_id":"e","event_type":"parse.partial_success","data":{"id":"j"}}`,
		llamaparse.Hint{EventID: "e", EventType: "parse.partial_success", ProviderJob: "j", Status: "partial", Shape: "event"}},
	{"old name of an event", `{"event_id":"e","event_type":"parse.done","data":{"id":"j"}}`,
		llamaparse.Hint{EventID: "e", EventType: "parse.done", ProviderJob: "j", Status: "completed", Shape: "event"}},
	{"event name in capitals", `{"event_id":"e","event_type":"PARSE_SUCCESS","data":{"id":"j"}}`,
		llamaparse.Hint{EventID: "e", EventType: "PARSE_SUCCESS", ProviderJob: "j", Status: "completed", Shape: "event"}},
	{"status beside the event", `{"event_id":"e","event_type":"batch.success","status":"canceled","data":{"id":"j"}}`,
		llamaparse.Hint{EventID: "e", EventType: "batch.success", ProviderJob: "j", Status: "cancelled", Shape: "event"}},
	{"legacy push", `{"txt":"canary text","md":"# canary","json":[{"page":1,"text":"canary","md":"canary","images":[]}],"images":[]}`,
		llamaparse.Hint{Shape: "push"}},
	{"v1 list of pages", `{"status":"OK","result":[{"page":1,"md":"canary","txt":"canary","json":[],"status":"OK"}]}`,
		llamaparse.Hint{Status: "completed", Shape: "result"}},
	{"v1 list without status", `{"result":[{"page":1,"md":"canary"}]}`,
		llamaparse.Hint{Shape: "result"}},
	{"single object", `{"status":"completed","result":{"md":"canary","txt":"canary","json":[],"parsed_content":"canary"}}`,
		llamaparse.Hint{Status: "completed", Shape: "result"}},
	{"mock's result.markdown", `{"status":"SUCCESS","result":{"markdown":"canary"}}`,
		llamaparse.Hint{Status: "completed", Shape: "result"}},
	{"old flat", `{"status":"completed","md":"canary","txt":"canary","parsed_content":"canary"}`,
		llamaparse.Hint{Status: "completed", Shape: "push"}},
	{"test server with job_id", `{"job_id":"j","status":"done","result_url":"http://x/canary","timestamp":"t","file_size":1,"processing_time":0.5}`,
		llamaparse.Hint{ProviderJob: "j", Status: "completed", Shape: "status"}},
	{"test server with id", `{"id":"j","status":"success"}`,
		llamaparse.Hint{ProviderJob: "j", Status: "completed", Shape: "status"}},
	{"artifacts", `{"job_id":"ours","document_id":"d","parse_job_id":"theirs","status":"parsed","artifacts":[{"type":"markdown","content":"canary","sha256":"","bytes":1}],"meta":{"parser_name":"llamaparse","parser_version":"1"},"correlation_id":"c"}`,
		llamaparse.Hint{ProviderJob: "theirs", Status: "completed", Shape: "artifacts"}},
	{"failure", `{"status":"failed","error":"canary reason"}`,
		llamaparse.Hint{Status: "failed", Shape: "status"}},
	{"failure inside the result", `{"result":{"error":"canary reason"}}`,
		llamaparse.Hint{Status: "failed", Shape: "result"}},
	{"unknown word", `{"status":"sort of","job_id":"j"}`,
		llamaparse.Hint{ProviderJob: "j", Status: "unknown", Shape: "status"}},
	{"nothing", `{}`, llamaparse.Hint{Shape: "unknown"}},
	{"other types everywhere", `{"event_id":1,"event_type":[],"status":{},"id":null,"job_id":true,"data":"canary","result":7,"md":null}`,
		llamaparse.Hint{Shape: "event"}},
	{"data of another type within", `{"data":{"id":5,"job":"canary","status":[]}}`,
		llamaparse.Hint{Shape: "event"}},
	{"prose where an id belongs", `{"event_id":"canary has blanks","event_type":"canary <b>","data":{"id":"../../canary"}}`,
		llamaparse.Hint{Shape: "event"}},
	{"text where a word belongs", `{"job_id":"` + strings.Repeat("canary", 100) + `"}`,
		llamaparse.Hint{Shape: "unknown"}},
}

func TestP015_P016_EveryShapeOnRecordIsAHint(t *testing.T) {
	t.Parallel()
	for _, c := range onRecord {
		got, err := llamaparse.ReadHint([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if strings.Contains(fmt.Sprintf("%#v", got), "canary") {
			t.Errorf("%s: the hint holds text: %+v", c.name, got)
		}
	}
}

func TestC14_MalformedCallbackIsAnError(t *testing.T) {
	t.Parallel()
	nested := strings.Repeat(`{"data":`, 70) + "1" + strings.Repeat("}", 70)
	for _, body := range []string{
		"", " ", "null", "true", "17", "[]", `[{"job_id":"j"}]`, `"text"`, `{`, `{"a":1`, `{"a":1}}`, `{"a":1} {"b":2}`,
		`{'a':1}`, "\x00", "<html>", `"{\"a\":1"`, quoted(quoted(quoted(`{"job_id":"j"}`))), nested,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":[`, 50_000), quoted(strings.Repeat("[", 1000)),
	} {
		_, err := llamaparse.ReadHint([]byte(body))
		if !core.HasCode(err, core.CodeInvalid) {
			t.Errorf("%.40q: got %v", body, err)
		}
	}
}

func TestSameIDForgetsPrefixes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"pjb-1", "1", true}, {"1", "pjb-1", true}, {"PJB-A", "pjb-a", true}, {"dfl-1", "1", true},
		{"pjb-1", "pjb-2", false}, {"", "", false}, {"", "pjb-", false},
	} {
		if got := llamaparse.SameID(c.a, c.b); got != c.want {
			t.Errorf("SameID(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func FuzzReadHint(f *testing.F) {
	for _, c := range onRecord {
		f.Add([]byte(c.body))
	}
	f.Add([]byte(quoted(quoted(`{"data":{"id":"x"}}`))))
	f.Add([]byte(`{"data":{"job":{"id":"\u0000"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := llamaparse.ReadHint(raw)
		if err != nil {
			if !core.HasCode(err, core.CodeInvalid) || h != (llamaparse.Hint{}) {
				t.Fatalf("%v with %+v", err, h)
			}
			return
		}
		for _, field := range []string{h.EventID, h.EventType, h.ProviderJob, h.Status, h.Shape} {
			if len(field) > 128 || strings.ContainsAny(field, " \n\x00/<") {
				t.Fatalf("a field holds prose: %q", field)
			}
		}
		again, err := llamaparse.ReadHint([]byte(quoted(string(raw))))
		if err == nil && json.Valid(raw) && again != h && len(raw) > 0 && raw[0] == '{' && strings.ToValidUTF8(string(raw), "") == string(raw) {
			t.Fatalf("in a string it reads otherwise: %+v, %+v", h, again)
		}
	})
}
