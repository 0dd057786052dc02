/** Agents: who runs are for, and what each may do. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** What an agent's profile said, version by version: who saved it, when and why. */
export class AgentVersions extends Resource {
  list(agentId: string, query: Query<"agent_versions_list"> = {}, options?: RequestOptions): Pages<"agent_versions_list"> {
    return this.pages(path`/agents/${agentId}/versions`, query, options);
  }

  get(agentId: string, version: number | string, options?: RequestOptions): APIPromise<Result<"agent_versions_get">> {
    return this.read(path`/agents/${agentId}/versions/${String(version)}`, {}, options);
  }
}

/** Agents of the tenant. */
export class Agents extends Resource {
  readonly versions = new AgentVersions(this.transport);

  list(query: Query<"agents_list"> = {}, options?: RequestOptions): Pages<"agents_list"> {
    return this.pages(path`/agents`, query, options);
  }

  create(body: Body<"agents_create">, options?: RequestOptions): APIPromise<Result<"agents_create">> {
    return this.make(path`/agents`, body, options);
  }

  get(agentId: string, options?: RequestOptions): APIPromise<Result<"agents_get">> {
    return this.read(path`/agents/${agentId}`, {}, options);
  }

  update(agentId: string, body: Body<"agents_update"> = {}, options?: RequestOptions): APIPromise<Result<"agents_update">> {
    return this.request({ method: "PATCH", path: path`/agents/${agentId}`, body, options });
  }

  delete(agentId: string, options?: RequestOptions): APIPromise<void> {
    return this.request({ method: "DELETE", path: path`/agents/${agentId}`, options });
  }
}
