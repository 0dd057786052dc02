// Generated from docs/reference/openapi.json by `npm run types`; change the API instead.

/** The POSTs that remember an Idempotency-Key. */
export const KEYED_POSTS: ReadonlySet<string> = new Set([
  "/agents",
  "/api-keys",
  "/approvals/grants",
  "/approvals/{}/{}/links",
  "/approvals/{}/{}/notes",
  "/budgets/{}/top-up",
  "/bulk-operations",
  "/catalog",
  "/catalog/import",
  "/dead-letters/{}/requeue",
  "/freezes",
  "/goals",
  "/recovery/candidates:import",
  "/runs",
  "/runs/{}/replay",
  "/runs/{}/rerun",
  "/runs/{}/steps/{}/undo",
  "/runs/{}/top-up",
  "/runtime/execute",
  "/service-accounts",
  "/webhooks",
  "/webhooks/{}/deliveries/{}/redeliver",
  "/webhooks/{}/rotate-secret",
  "/webhooks/{}/test",
]);
