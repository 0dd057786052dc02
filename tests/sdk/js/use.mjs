// Uses the installed package from an ES module.
import * as sdk from "@aos/sdk";
import { use } from "./use.cjs";

console.log(JSON.stringify(await use(sdk)));
