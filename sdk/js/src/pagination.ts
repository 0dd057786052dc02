/** Pages of lists, and how to get from one to the next. */

/** The fields by which a page says where the next one begins, and the parameter that asks for it. */
const MARKS = [
  ["next_cursor", "cursor"],
  ["next_before", "before"],
  ["next_after", "after"],
] as const;

/** What a query may hold. */
export type QueryValues = Readonly<Record<string, unknown>>;

/** One page of a list. Iterating over it gives its items and those of all pages that follow. */
export class Page<B extends object, I> implements AsyncIterable<I> {
  readonly data: readonly I[];

  constructor(
    /** The answer as it came, with all that stands beside the items. */
    readonly body: B,
    private readonly query: QueryValues,
    private readonly fetchPage: (query: QueryValues) => PromiseLike<Page<B, I>>,
  ) {
    const { data } = body as { data?: unknown };
    this.data = Array.isArray(data) ? (data as I[]) : [];
  }

  /** Say whether there is more. */
  hasNextPage(): boolean {
    return this.#nextQuery() !== null;
  }

  /** Get the page after this one, null after the last. */
  async getNextPage(): Promise<Page<B, I> | null> {
    const next = this.#nextQuery();
    return next && (await this.fetchPage(next));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<I, void, undefined> {
    for (let page: Page<B, I> | null = this; page; page = await page.getNextPage()) yield* page.data;
  }

  toJSON(): B {
    return this.body;
  }

  #nextQuery(): QueryValues | null {
    const fields = this.body as Record<string, unknown>;
    for (const [field, parameter] of MARKS) {
      const mark = fields[field];
      // A mark that does not move would be asked for for ever.
      if (mark !== undefined && mark !== null && mark !== this.query[parameter]) return { ...this.query, [parameter]: mark };
    }
    return null;
  }
}
