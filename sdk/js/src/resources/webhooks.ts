/** Webhooks: where they go, what became of each, and whether one is genuine. */

import type { Webhook, WebhookAnswer, WebhookBody, WebhookDelivery, WebhookWithSecret } from "../models.js";
import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";
import { signWebhook, verifyWebhook, type VerifyOptions, type WebhookEvent, type WebhookHeaders } from "../webhook-signature.js";

/** Messages on their way to a webhook. */
export class WebhookDeliveries extends Resource {
  list(
    webhookId: string,
    query: Query<"webhook_deliveries_list"> = {},
    options?: RequestOptions,
  ): Pages<"webhook_deliveries_list"> {
    return this.pages(path`/webhooks/${webhookId}/deliveries`, query, options);
  }

  get(webhookId: string, deliveryId: string, options?: RequestOptions): APIPromise<Result<"webhook_deliveries_get">> {
    return this.read(path`/webhooks/${webhookId}/deliveries/${deliveryId}`, {}, options);
  }

  /** Send a message again. */
  redeliver(webhookId: string, deliveryId: string, options?: RequestOptions): APIPromise<WebhookDelivery> {
    return this.make(path`/webhooks/${webhookId}/deliveries/${deliveryId}/redeliver`, {}, options);
  }
}

/** Addresses that hear of the tenant's events. */
export class Webhooks extends Resource {
  readonly deliveries = new WebhookDeliveries(this.transport);

  list(query: Query<"webhooks_list"> = {}, options?: RequestOptions): Pages<"webhooks_list"> {
    return this.pages(path`/webhooks`, query, options);
  }

  /** Make a webhook. Its secret is shown this once. */
  create(body: WebhookBody, options?: RequestOptions): APIPromise<WebhookWithSecret> {
    return this.make(path`/webhooks`, body, options);
  }

  get(webhookId: string, options?: RequestOptions): APIPromise<Webhook> {
    return this.read(path`/webhooks/${webhookId}`, {}, options);
  }

  update(webhookId: string, body: Body<"webhooks_update">, options?: RequestOptions): APIPromise<Webhook> {
    return this.request({ method: "PATCH", path: path`/webhooks/${webhookId}`, body, options });
  }

  delete(webhookId: string, options?: RequestOptions): APIPromise<void> {
    return this.request({ method: "DELETE", path: path`/webhooks/${webhookId}`, options });
  }

  /** Give a webhook another secret; for a while the one before signs as well. */
  rotateSecret(webhookId: string, options?: RequestOptions): APIPromise<WebhookWithSecret> {
    return this.make(path`/webhooks/${webhookId}/rotate-secret`, {}, options);
  }

  /** Send a message to try a webhook with. */
  test(webhookId: string, options?: RequestOptions): APIPromise<WebhookDelivery> {
    return this.make(path`/webhooks/${webhookId}/test`, {}, options);
  }

  /** Decide for the step a webhook told of, signed with the webhook's secret; a webhook may do so that was made with `may_answer`. */
  answer(webhookId: string, body: WebhookAnswer, secret: string, options?: RequestOptions): APIPromise<Result<"webhooks_answer">> {
    const route = path`/webhooks/${webhookId}/answers`;
    const sent = signWebhook(JSON.stringify(body), secret).then((headers) =>
      this.transport.send({ method: "POST", path: route, body, headers, options, resend: false }),
    );
    return new APIPromise(sent, (response) => response.json() as Promise<Result<"webhooks_answer">>);
  }

  /** Verify a webhook that came and return what it says. `verifyWebhook` does the same without a client. */
  verify(
    rawBody: string | Uint8Array | ArrayBuffer,
    headers: WebhookHeaders,
    secret: string | readonly string[],
    options?: VerifyOptions,
  ): Promise<WebhookEvent> {
    return verifyWebhook(rawBody, headers, secret, options);
  }
}
