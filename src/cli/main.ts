#!/usr/bin/env node
/** cli/: the `hyperagent` command. */
import { nodeVersionProblem } from "../core/node-version.ts";

const problem = nodeVersionProblem(process.versions.node);
if (problem === undefined) {
	// Only now: an old Node.js might not even read the rest.
	const { runCli } = await import("./run-cli.ts");
	process.exitCode = await runCli(process.argv);
} else {
	console.error(problem);
	process.exitCode = 2;
}
