/** Skills, and the schemas of what is exchanged. */

import type { Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** What plans are made of. */
export class Skills extends Resource {
  list(options?: RequestOptions): Pages<"skills_list"> {
    return this.pages(path`/skills`, {}, options);
  }

  get(name: string, query: Query<"skills_get"> = {}, options?: RequestOptions): APIPromise<Result<"skills_get">> {
    return this.read(path`/skills/${name}`, query, options);
  }
}

/** JSON Schemas by name. */
export class Schemas extends Resource {
  list(options?: RequestOptions): Pages<"schemas_list"> {
    return this.pages(path`/schemas`, {}, options);
  }

  get(name: string, options?: RequestOptions): APIPromise<Result<"schemas_get">> {
    return this.read(path`/schemas/${name}`, {}, options);
  }
}
