// Cuts parsed documents with LangChain's splitters, one page at a time as its
// loaders hand them over, so that each chunk has its page. Reads the sources
// from standard input; writes the chunks and the milliseconds of the quickest pass.
import { Document } from "@langchain/core/documents";
import { MarkdownTextSplitter, RecursiveCharacterTextSplitter, TokenTextSplitter } from "@langchain/textsplitters";
import { Tiktoken } from "js-tiktoken/lite";
import cl100k from "js-tiktoken/ranks/cl100k_base";

const tokenizer = new Tiktoken(cl100k);
const kinds = {
  recursive: (size) => new RecursiveCharacterTextSplitter(size),
  markdown: (size) => new MarkdownTextSplitter(size),
  "recursive-tokens": (size) =>
    new RecursiveCharacterTextSplitter({ ...size, lengthFunction: (text) => tokenizer.encode(text).length }),
  token: (size) => {
    const splitter = new TokenTextSplitter({ ...size, encodingName: "cl100k_base" });
    splitter.tokenizer = tokenizer; // it would fetch the vocabulary otherwise
    return splitter;
  },
};

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { kind, chunkSize, chunkOverlap, passes, sources } = JSON.parse(Buffer.concat(chunks).toString());

const documents = sources.flatMap((source, index) =>
  source.pages
    .filter((page) => page.text !== "")
    .map((page) => new Document({ pageContent: page.text, metadata: { source: index, page: page.number } })),
);
const splitter = kinds[kind]({ chunkSize, chunkOverlap });
let split, took = Infinity;
for (let pass = 0; pass < passes; pass++) {
  const began = performance.now();
  split = await splitter.splitDocuments(documents);
  took = Math.min(took, performance.now() - began);
}

process.stdout.write(
  JSON.stringify({
    took,
    passages: split.map((d) => ({ text: d.pageContent, source: d.metadata.source, page: d.metadata.page })),
  }),
);
