/** Server-sent events, read from the body of a response as the HTML standard has them. */

/** One frame. `comment` frames carry nothing: they say that the other side lives. */
export interface Frame {
  readonly event: string;
  readonly data: string;
  readonly id: string | null;
  readonly retry: number | null;
  readonly comment: boolean;
}

/** Puts frames together from text that comes in pieces of any size. */
export class FrameReader {
  #rest = "";
  #afterReturn = false;
  #lines: string[] = [];

  /** Take a piece of the stream; return the frames it completed. */
  push(piece: string): Frame[] {
    // A line may end in CR LF, of which a piece brings only the first half.
    const text = this.#afterReturn && piece.startsWith("\n") ? piece.slice(1) : piece;
    if (piece) this.#afterReturn = piece.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#take(line));
  }

  #take(line: string): Frame[] {
    if (line.startsWith(":")) return [{ event: "", data: "", id: null, retry: null, comment: true }];
    if (line) {
      this.#lines.push(line);
      return [];
    }
    const lines = this.#lines.splice(0);
    return lines.length ? [frameOf(lines)] : [];
  }
}

function frameOf(lines: readonly string[]): Frame {
  const data: string[] = [];
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else fields.set(name, value);
  }
  const retry = fields.get("retry");
  return {
    event: fields.get("event") || "message",
    data: data.join("\n"),
    id: fields.get("id") ?? null,
    retry: retry !== undefined && /^\d+$/.test(retry) ? Number(retry) : null,
    comment: false,
  };
}
