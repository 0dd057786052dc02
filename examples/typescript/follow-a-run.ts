// Submits a plan of one step, follows what happens to it, and prints what came of it.
import { AOS, AOSError } from "@aos/sdk";

declare const process: { exitCode?: number }; // of Node; its types would be one more package

const orders = [
  { customer: "Ada", paid: true, euros: 120 },
  { customer: "Grace", paid: false, euros: 80 },
  { customer: "Edsger", paid: true, euros: 40 },
];

/** Choose any agent that may work. */
async function anAgent(client: AOS): Promise<string> {
  for await (const agent of client.agents.list({ status: "active" })) return agent.name;
  throw new Error("there is no active agent; make one with client.agents.create({ name })");
}

async function main(): Promise<void> {
  const client = new AOS(); // AOS_API_KEY and AOS_API_URL say where and who
  const plan = {
    steps: [{ step_id: "paid", skill: "json_transform", params: { input: orders, path: "$[?@.paid == true].customer" } }],
  };
  const { run_id } = await client.runs.submit({ agent: await anAgent(client), plan });
  console.log(`run ${run_id}`);

  let result: unknown;
  for await (const event of client.runs.events(run_id)) {
    console.log(`${event.seq} ${event.kind} ${event.step_id ?? ""}`.trimEnd());
    if (event.kind === "step_succeeded") result = event.data["result"];
  }

  const run = await client.runs.wait(run_id);
  console.log(run.summary);
  console.log(`result ${JSON.stringify(result)}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof AOSError)) throw error;
  console.error(`It did not work: ${error.message}`, ...error.suggestions);
  process.exitCode = 1;
}
