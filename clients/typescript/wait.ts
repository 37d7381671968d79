// Two ways to wait until nothing happens to a document any more by itself.
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type Document, type Navigator, ok } from "./client.js";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const moves = (document: Document) =>
  document.next_step === "waits_for_parser" || document.next_step === "continues_by_itself";

async function read(api: Navigator, id: string): Promise<Document> {
  return ok(await api.GET("/documents/{id}", { params: { path: { id } } }));
}

// A stream that breaks has ended: nothing is lost with it, since each event
// only says that the document is worth reading again.
const ended = { done: true };

/** waitByPolling asks for the document every so many milliseconds. */
export async function waitByPolling(api: Navigator, id: string, everyMs: number): Promise<Document> {
  for (;;) {
    const document = await read(api, id);
    if (!moves(document)) return document;
    await pause(everyMs);
  }
}

/**
 * waitByEvents follows the document's event stream, and reads the document at
 * each event. It answers undefined where the service has no such stream or ends
 * it early: then there is polling. EventSource would do the same but cannot
 * send a token.
 */
export async function waitByEvents(api: Navigator, baseUrl: string, token: string, id: string): Promise<Document | undefined> {
  const enough = new AbortController();
  const stream = await fetch(`${baseUrl}/documents/${encodeURIComponent(id)}/events`, {
    headers: { Accept: "text/event-stream", Authorization: `Bearer ${token}` },
    signal: enough.signal,
  });
  try {
    const events = stream.headers.get("Content-Type")?.startsWith("text/event-stream");
    if (!stream.ok || !events || stream.body === null) return undefined;
    const reader = stream.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
    while (!(await reader.read().catch(() => ended)).done) {
      const document = await read(api, id);
      if (!moves(document)) return document;
    }
    return undefined;
  } finally {
    enough.abort();
  }
}
