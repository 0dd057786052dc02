/** What all resources are made of: one line for each operation. */

import { AOSError } from "./errors.js";
import { KEYED_POSTS } from "./keyed.js";
import type { RequestOptions } from "./options.js";
import { Page, type QueryValues } from "./pagination.js";
import { APIPromise, PagePromise } from "./promise.js";
import type { Path, RequestSpec, Transport } from "./transport.js";

export abstract class Resource {
  constructor(protected readonly transport: Transport) {}

  /** Get what changes nothing. */
  protected read<T>(path: Path, query?: object, options?: RequestOptions): APIPromise<T> {
    return this.request<T>({ method: "GET", path, query: query as QueryValues, options });
  }

  /** Post what makes no difference to be said twice. */
  protected post<T>(path: Path, body: object, options?: RequestOptions): APIPromise<T> {
    return this.request<T>({ method: "POST", path, body, options });
  }

  /** Post what makes something: it goes out again by itself only where the server knows it again by its key. */
  protected make<T>(path: Path, body: object, options?: RequestOptions): APIPromise<T> {
    return this.request<T>({ method: "POST", path, body, options, resend: KEYED_POSTS.has(path.template) });
  }

  protected request<T>(spec: RequestSpec): APIPromise<T> {
    return new APIPromise(this.transport.send(spec), (response) => parsed<T>(response));
  }

  /** Get a list as pages of items. */
  protected pages<B extends object, I>(path: Path, query?: object, options?: RequestOptions): PagePromise<B, I> {
    const fetchPage = (wanted: QueryValues): PagePromise<B, I> =>
      new PagePromise<B, I>(
        this.transport.send({ method: "GET", path, query: wanted, options }),
        async (response) => new Page<B, I>(await parsed<B>(response), wanted, fetchPage),
      );
    return fetchPage((query ?? {}) as QueryValues);
  }
}

async function parsed<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!text) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new AOSError(`the server answered ${response.status} with what is no JSON; is baseUrl the address of AOS?`, { cause: error });
  }
}
