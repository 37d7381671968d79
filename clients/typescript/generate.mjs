// Reads the OpenAPI document and writes the types of schema.ts to the
// standard output. `make clients` runs it.
import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import ts from "typescript";

// A file's bytes are a Blob on both ways, where the document can only say
// string.
const blob = ts.factory.createTypeReferenceNode("Blob");

const types = await openapiTS(JSON.parse(readFileSync(0, "utf8")), {
  silent: true,
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
process.stdout.write(COMMENT_HEADER + astToString(types));
