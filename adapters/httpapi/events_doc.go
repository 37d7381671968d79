package httpapi

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

const (
	pathEvents  = "/documents/{id}/events"
	streamRoute = "GET " + pathEvents
)

// registerEvents adds the stream of a document's events.
func (a *api) registerEvents(h huma.API) {
	l := a.Limits
	streams := &eventStreams{api: a, hub: newHub(a.Journal, l, a.Logger)}
	route(h, huma.Operation{
		OperationID: "stream-document-events", Method: http.MethodGet, Path: pathEvents, Tags: []string{"Documents"},
		Summary: "What happens to a document, as it happens",
		Description: fmt.Sprintf("Server-sent events (text/event-stream). At once a status, the body of GET /documents/{id}; then, on each change, "+
			"a move for every change of status, in order and each once, and the new status after them. A heartbeat comes every %g seconds, "+
			"and an end before the service closes the stream: when the document's attempt has ended, after %g minutes, when the access token expires, "+
			"when the process stops, when the document is deleted. Come back with Last-Event-ID and the moves missed come first. "+
			"A document of another account is 404, as an unknown one. One account may hold %d streams of a process.\n\n```\n%s```",
			l.StreamHeartbeat.Seconds(), l.MaxStreamTime.Minutes(), l.MaxStreams, eventsExample),
		Errors: []int{404, 409, 422, 429, 503},
	}, streams.events)
}

// eventsExample is a stream that was taken up again after event 4711.
const eventsExample = `id: 4712
retry: 2000
event: move
data: {"event_id":4712,"document_id":"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f","attempt":1,"was":"embeddings_stored","status":"complete","progress":100,"at":"2026-03-01T09:00:07Z","lasted_ms":18,"code":null}

id: 4712
event: status
data: {"document_id":"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f","status":"complete","progress":100,"...":"as GET /documents/{id}"}

event: end
data: {"reason":"ended"}

`

// describeEvents documents the two good answers. The stream is shown as the
// list of its events: OpenAPI has no word for one.
func (a *api) describeEvents(doc *huma.OpenAPI) {
	op := doc.Paths[pathEvents].Get
	schema := func(value any) *huma.Schema {
		t := reflect.TypeOf(value)
		return doc.Components.Schemas.Schema(t, true, t.Name())
	}
	items := &huma.Schema{OneOf: []*huma.Schema{
		eventSchema(eventStatus, "Where the document stands; the id is its last event's", schema(Document{}), true),
		eventSchema(eventMove, "One change of status", schema(MoveEvent{}), true),
		eventSchema(eventHeartbeat, "The stream is alive", schema(HeartbeatEvent{}), false),
		eventSchema(eventEnd, "The service closes the stream", schema(EndEvent{}), false),
	}}
	op.Responses["200"] = &huma.Response{
		Description: "The stream; each item stands for one event of it",
		Headers: map[string]*huma.Param{
			"Cache-Control":     {Description: "no-store", Schema: &huma.Schema{Type: huma.TypeString}},
			"X-Accel-Buffering": {Description: "no: proxies must not gather events", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		Content: map[string]*huma.MediaType{eventStreamType: {
			Schema:  &huma.Schema{Type: huma.TypeArray, Items: items},
			Example: eventsExampleItems(),
		}},
	}
	op.Responses["204"] = &huma.Response{
		Description: "Last-Event-ID is the last event of a document whose attempt has ended: there is no more to come, and EventSource stops",
	}
}

// eventSchema is one kind of event: its fields as the stream names them.
func eventSchema(name, about string, data *huma.Schema, numbered bool) *huma.Schema {
	s := &huma.Schema{
		Title: "Event " + name, Description: about, Type: huma.TypeObject, Required: []string{"event", "data"},
		Properties: map[string]*huma.Schema{
			"event": {Type: huma.TypeString, Enum: []any{name}},
			"data":  data,
			"retry": {Type: huma.TypeInteger, Description: "Of a stream's first event: milliseconds to wait before coming back"},
		},
	}
	if numbered {
		s.Properties["id"] = &huma.Schema{Type: huma.TypeInteger, Description: "For Last-Event-ID"}
		s.Required = append(s.Required, "id")
	}
	return s
}

func eventsExampleItems() []any {
	return []any{
		map[string]any{"id": 4712, "retry": 2000, "event": eventMove, "data": map[string]any{
			"event_id": 4712, "document_id": "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f", "attempt": 1, "was": "embeddings_stored",
			"status": "complete", "progress": 100, "at": "2026-03-01T09:00:07Z", "lasted_ms": 18, "code": nil,
		}},
		map[string]any{"event": eventHeartbeat, "data": map[string]any{"at": "2026-03-01T09:00:12Z"}},
		map[string]any{"event": eventEnd, "data": map[string]any{"reason": endEnded}},
	}
}
