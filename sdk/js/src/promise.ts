/** What every method returns: a promise of the data that can also give the response it came in. */

import { Page } from "./pagination.js";

/** Data with the response it came in. */
export interface WithResponse<T> {
  data: T;
  response: Response;
  requestId: string | null;
}

/** A request under way. Await it for its data. */
export class APIPromise<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "APIPromise";
  #data: Promise<T> | undefined;

  constructor(
    private readonly response: Promise<Response>,
    private readonly read: (response: Response) => Promise<T>,
  ) {}

  /** Wait for the response alone. Errors are thrown for it as they are for the data. */
  asResponse(): Promise<Response> {
    return this.response.then((response) => response.clone());
  }

  /** Wait for the data and the response. */
  async withResponse(): Promise<WithResponse<T>> {
    const [data, response] = await Promise.all([this.#parsed(), this.asResponse()]);
    return { data, response, requestId: response.headers.get("x-request-id") };
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#parsed().then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#parsed().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<T> {
    return this.#parsed().finally(settled);
  }

  #parsed(): Promise<T> {
    this.#data ??= this.response.then((response) => this.read(response.clone()));
    return this.#data;
  }
}

/** A page under way. Await it for the page, or iterate over it for the items of this page and all that follow. */
export class PagePromise<B extends object, I> extends APIPromise<Page<B, I>> implements AsyncIterable<I> {
  async *[Symbol.asyncIterator](): AsyncGenerator<I, void, undefined> {
    yield* await this;
  }
}
