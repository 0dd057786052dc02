/** What a caller may choose: for a whole client, and for one request. */

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** The API key. Default: the environment's AOS_API_KEY. */
  apiKey?: string | undefined;
  /** Where the server is. Default: the environment's AOS_API_URL or AOS_BASE_URL, then http://127.0.0.1:8000. */
  baseUrl?: string | undefined;
  /** Milliseconds one attempt may take, its answer's body included. Default: 60000. */
  timeout?: number | undefined;
  /** How often a request is sent again after a failure that may pass. Default: 2. */
  maxRetries?: number | undefined;
  /** What to send requests with. Default: the global fetch. */
  fetch?: Fetch | undefined;
  /** Headers of every request. */
  headers?: Record<string, string> | undefined;
}

export interface RequestOptions {
  /** Gives up waiting when aborted; what the server was asked to do may be done all the same. */
  signal?: AbortSignal | undefined;
  timeout?: number | undefined;
  maxRetries?: number | undefined;
  headers?: Record<string, string> | undefined;
  /** The Idempotency-Key of a POST. Default: a new one for each call, the same for all its attempts. */
  idempotencyKey?: string | undefined;
  /** Seconds (60 at most) to let the server wait for a run's end before it answers. Where a run is begun only. */
  wait?: number | undefined;
}

/** The options of a client once the environment has been asked. */
export interface Settings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly timeout: number;
  readonly maxRetries: number;
  readonly fetch: Fetch;
  readonly headers: Record<string, string>;
}

/** Read a variable of the environment; undefined where there is no environment, as in a browser, or it is empty. */
export function environment(name: string): string | undefined {
  const runtime = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return runtime?.env?.[name]?.trim() || undefined;
}

/** Return the address of the server, whether it was given with or without the path of the API. */
export function serverAddress(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}
