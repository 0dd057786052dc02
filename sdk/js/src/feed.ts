/** Follows a feed of events: by server-sent events where there are any, by long poll where not, and on after every cut. */

import { APIConnectionError, APIStatusError } from "./errors.js";
import type { RequestOptions } from "./options.js";
import type { QueryValues } from "./pagination.js";
import { type Frame, FrameReader } from "./sse.js";
import { type Path, sleep, type Transport } from "./transport.js";

const DELAY_MS = 3_000;
const POLL_SECONDS = 20;
const STREAM = "text/event-stream";

export type Cursor = string | number;

export interface FollowOptions extends RequestOptions {
  /** The event after which to begin: a number, or what a page gave as `next_after`. Default: the first. */
  after?: Cursor | undefined;
}

interface FeedPage {
  data: unknown[];
  next_after: Cursor;
  terminal?: boolean;
  reset?: boolean;
}

/** Follow a feed to its end. */
export async function* follow<E>(
  transport: Transport,
  path: Path,
  options: FollowOptions,
  filter: QueryValues = {},
): AsyncGenerator<E, void, undefined> {
  yield* new Follower<E>(transport, path, options, filter).events();
}

class Follower<E> {
  #cursor: Cursor | undefined;
  #resuming = false;
  #delay = DELAY_MS;
  #ended = false;
  /** Where a reset leads once the events that came with it have been read. */
  #afterReset: Cursor | null = null;
  #progress = false;
  readonly #request: RequestOptions;

  constructor(
    private readonly transport: Transport,
    private readonly path: Path,
    { after, ...request }: FollowOptions,
    private readonly filter: QueryValues,
  ) {
    this.#cursor = after;
    this.#request = request;
  }

  async *events(): AsyncGenerator<E, void, undefined> {
    const cutsAllowed = this.#request.maxRetries ?? this.transport.settings.maxRetries;
    for (let cuts = 0; !this.#ended; ) {
      const response = await this.#open();
      if (response === null) return yield* this.#poll();
      this.#progress = false;
      let why: unknown;
      try {
        yield* this.#read(response);
      } catch (error) {
        why = error;
      }
      if (this.#ended) return;
      this.#request.signal?.throwIfAborted();
      cuts = this.#progress ? 0 : cuts + 1;
      if (cuts > cutsAllowed) throw new APIConnectionError(`the stream of ${this.path.text} breaks off again and again`, { cause: why });
      await sleep(this.#delay, this.#request.signal);
    }
  }

  /** Open a stream; null where the server has none to give. */
  async #open(): Promise<Response | null> {
    const resume = this.#resuming ? { "last-event-id": String(this.#cursor) } : undefined;
    const query = this.#resuming ? this.filter : { ...this.filter, after: this.#cursor };
    const spec = { method: "GET", path: this.path, query, accept: STREAM, stream: true, options: this.#request } as const;
    try {
      const response = await this.transport.send(resume ? { ...spec, headers: resume } : spec);
      if (response.headers.get("content-type")?.startsWith(STREAM)) return response;
      await response.body?.cancel();
      return null;
    } catch (error) {
      if (error instanceof APIStatusError && error.status === 406) return null;
      throw error;
    }
  }

  async *#read(response: Response): AsyncGenerator<E, void, undefined> {
    const silence = this.#request.timeout ?? this.transport.settings.timeout;
    for await (const frame of framesOf(response, silence, this.#request.signal)) {
      this.#progress = true;
      if (frame.retry !== null) this.#delay = frame.retry;
      if (frame.event === "end") this.#ended = true;
      if (this.#ended) return;
      if (frame.comment) this.#advance(this.#afterReset);
      const event = frame.data ? this.#eventOf(frame) : undefined;
      this.#advance(frame.id);
      if (event !== undefined) yield event;
    }
  }

  #eventOf(frame: Frame): E {
    const value = JSON.parse(frame.data) as { next_after?: Cursor };
    if (frame.event !== "reset") return value as E;
    this.#afterReset = value.next_after ?? null;
    return resetEvent<E>(value);
  }

  #advance(cursor: Cursor | null): void {
    if (cursor === null || cursor === "") return;
    this.#cursor = cursor;
    this.#resuming = true;
    this.#afterReset = null;
  }

  async *#poll(): AsyncGenerator<E, void, undefined> {
    while (!this.#ended) {
      const response = await this.transport.send({
        method: "GET",
        path: this.path,
        query: { ...this.filter, after: this.#cursor, wait: POLL_SECONDS },
        options: { ...this.#request, timeout: (this.#request.timeout ?? this.transport.settings.timeout) + POLL_SECONDS * 1_000 },
      });
      const page = (await response.json()) as FeedPage;
      this.#ended = page.terminal === true;
      this.#cursor = page.next_after;
      if (page.reset) yield resetEvent<E>({ next_after: page.next_after });
      yield* page.data as E[];
    }
  }
}

/** Make the event that says that some before it are no longer kept: a caller is told, not left with a hole. */
function resetEvent<E>(data: { next_after?: Cursor }): E {
  return { kind: "reset", type: "reset", seq: data.next_after, at_ms: Date.now(), step_id: null, attempt: null, data } as E;
}

/** Read the frames of a stream; throws where it breaks off or is silent for longer than its heartbeat would allow. */
async function* framesOf(response: Response, silence: number, signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  const frames = new FrameReader();
  try {
    for (;;) {
      const { done, value } = await within(silence, reader.read(), signal);
      if (done) return;
      yield* frames.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Closes the connection also where the reader of the events has stopped early; a stream that broke has nothing to close.
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(milliseconds: number, awaited: Promise<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const done = new AbortController();
  const aborted = () => done.abort();
  signal?.addEventListener("abort", aborted, { once: true });
  const silent = sleep(milliseconds, done.signal).then(() => {
    throw new APIConnectionError(`nothing came for ${milliseconds} ms`);
  });
  try {
    return await Promise.race([awaited, silent]);
  } finally {
    signal?.removeEventListener("abort", aborted);
    done.abort();
  }
}
