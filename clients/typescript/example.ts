// Uploads a file, waits until it can be searched, asks a question and prints
// what came of it as JSON:
//
//   NAVIGATOR_URL=http://localhost:8000 NAVIGATOR_EMAIL=... NAVIGATOR_PASSWORD=... \
//     node dist/example.js policy.pdf "what is my deductible?"
import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { navigator, ok, Refusal, upload } from "./client.js";
import { waitByEvents, waitByPolling } from "./wait.js";

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

async function main(file: string, question: string) {
  const url = setting("NAVIGATOR_URL");
  const credentials = { email: setting("NAVIGATOR_EMAIL"), password: setting("NAVIGATOR_PASSWORD") };
  const session = ok(await navigator(url).POST("/auth/login", { body: credentials }));
  const api = navigator(url, session.access_token);

  const content = await openAsBlob(file, { type: "application/pdf" });
  const taken = await upload(api, basename(file), content);
  const followed = await waitByEvents(api, url, session.access_token, taken.document_id);
  const document = followed ?? (await waitByPolling(api, taken.document_id, 200));

  const { results } = ok(await api.POST("/search", { body: { query: question, limit: 3 } }));
  const { documents } = ok(await api.GET("/documents", { params: { query: { status: ["complete"], limit: 10 } } }));
  const again = await upload(api, basename(file), content).catch((refusal: unknown) => {
    if (refusal instanceof Refusal) return refusal.problem;
    throw refusal;
  });
  return {
    waited_by: followed ? "events" : "polling",
    document,
    results,
    listed: documents.map((one) => one.document_id),
    again,
  };
}

const [file, question] = process.argv.slice(2);
if (!file || !question) {
  console.error("usage: node dist/example.js FILE QUESTION");
  process.exitCode = 2;
} else {
  console.log(JSON.stringify(await main(file, question), null, 2));
}
