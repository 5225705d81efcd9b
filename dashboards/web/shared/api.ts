// Requests to the HTTP API.

import { problemText } from "./problems";
import type { Problem } from "./wire";

/** The API, relative to the page, so that the site may live under any path. */
const base = "api/v1/";

/** An answer that is a problem, said in the page's language. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problemText(globalThis.document?.documentElement.lang === "en" ? "en" : "vi", problem));
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return read<T>(await fetch(base + path, signal ? { signal } : {}));
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return send<T>("POST", path, body);
}

/** Sends with another method than GET; what is answered with nothing is undefined. */
export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const response = await fetch(base + path, {
    method,
    ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  return read<T>(response);
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json()) as T;
  let problem: Problem = { title: response.statusText, status: response.status };
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // Not of citywatch: a proxy's page.
  }
  throw new ApiError(problem);
}

export function streamURL(query: string): string {
  const url = new URL(base + "stream" + query, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
