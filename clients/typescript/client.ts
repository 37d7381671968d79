// A client of the insurance navigator: the types are generated (schema.ts),
// openapi-fetch sends and reads. What is here is what no document says: how the
// token travels and how an upload's form is made.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Document = components["schemas"]["Document"];
export type PriceQuote = components["schemas"]["PriceQuote"];
export type Problem = components["schemas"]["Problem"];
export type SearchResult = components["schemas"]["SearchResult"];

/** Navigator has one typed method per HTTP method; paths and bodies are checked. */
export type Navigator = Client<paths>;

/** navigator is a client of the service at baseUrl; token is a session's access_token. */
export function navigator(baseUrl: string, token?: string): Navigator {
  return createClient<paths>({
    baseUrl,
    ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
  });
}

/** Refusal is thrown for an answer that says no, with its problem document. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
  ) {
    super(problem ? `${problem.detail} ${problem.advice}` : `the answer has status ${status}`);
    this.name = "Refusal";
  }
}

/** ok is the data of an answer; an answer without data is thrown as a Refusal. */
export function ok<T>(answer: { data?: T; error?: Problem | undefined; response: Response }): T {
  if (answer.data === undefined) throw new Refusal(answer.response.status, answer.error);
  return answer.data;
}

/** upload sends a file under the name that it will be shown with. */
export async function upload(api: Navigator, name: string, content: Blob): Promise<Document> {
  return ok(await api.POST("/documents", form(name, content))) as Document; // a quote is not asked for
}

/** quote answers what a file would cost; nothing of it is kept. */
export async function quote(api: Navigator, name: string, content: Blob): Promise<PriceQuote> {
  return ok(await api.POST("/documents", { ...form(name, content), params: { query: { quote: true } } })) as PriceQuote;
}

/** form lays a multipart form around a file. */
function form(name: string, content: Blob) {
  return {
    body: { file: content },
    bodySerializer: ({ file }: { file: Blob }) => {
      const data = new FormData();
      data.set("file", file, name);
      return data;
    },
  };
}
