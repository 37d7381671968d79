// Reads the OpenAPI document and writes the types of schema.ts to the
// standard output. `make clients` runs it.
import { json } from "node:stream/consumers";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import ts from "typescript";

// A file's bytes are a Blob on both ways, where the document can only say
// string.
const blob = ts.factory.createTypeReferenceNode("Blob");

const types = await openapiTS(await json(process.stdin), {
  silent: true,
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
process.stdout.write(COMMENT_HEADER + astToString(types));
