// Plants a fault for each rule of ours in an OpenAPI document:
//   node plant.mjs DOCUMENT BROKEN
// writes the broken document and prints the names of the rules that must find
// something, a line each.
import { readFileSync, writeFileSync } from "node:fs";

const [source, target] = process.argv.slice(2);
const doc = JSON.parse(readFileSync(source, "utf8"));
// Two paths are enough, and quick.
doc.paths = { "/search": doc.paths["/search"], "/documents": doc.paths["/documents"] };
const search = doc.paths["/search"].post;
const list = doc.paths["/documents"].get;

const faults = {
  "nav-problem-errors": () => { search.responses["503"].content["text/plain"] = { schema: { type: "string" } }; },
  "nav-problem-codes": () => { delete search.responses["401"]["x-codes"]; },
  "nav-request-id": () => { delete search.responses["200"].headers["X-Request-ID"]; },
  "nav-body-example": () => { delete search.requestBody.content["application/json"].example; },
  "nav-security-said": () => { delete search.security; },
  "nav-operation-id": () => { search.operationId = "Search_It"; },
  "nav-parameter-described": () => { delete list.parameters[0].description; },
  "operation-description": () => { delete list.description; },
  "oas3-valid-media-example": () => { list.responses["200"].content["application/json"].example.documents = 7; },
};
for (const [rule, plant] of Object.entries(faults)) {
  plant();
  console.log(rule);
}
writeFileSync(target, JSON.stringify(doc, null, 2));
