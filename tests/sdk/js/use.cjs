// Uses the installed package from CommonJS, and lets the same be done from an ES module beside it.
const { AOS, NotFoundError, VERSION } = require("@aos/sdk");

async function use(sdk) {
  const client = new sdk.AOS();
  const outcome = await client.execute("json_transform", { input: { a: [1, 2] }, path: "$.a[1]" });
  const missing = await client.runs.get("run_of_nobody").then(
    () => "found",
    (error) => `${error instanceof sdk.NotFoundError} ${error.status} ${error.code} ${Boolean(error.requestId)}`,
  );
  return { version: sdk.VERSION, success: outcome.success, value: outcome.result.value, missing };
}

module.exports = { use };

if (require.main === module) use({ AOS, NotFoundError, VERSION }).then((told) => console.log(JSON.stringify(told)));
