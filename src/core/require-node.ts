import { HyperAgentError } from "./hyperagent-error.ts";
import { nodeVersionProblem } from "./node-version.ts";

/* Imported first by every entry: an old Node.js gets one sentence instead of a puzzle. */
const problem = nodeVersionProblem(process.versions.node);
if (problem !== undefined) {
	const error = new HyperAgentError("UNSUPPORTED_NODE", problem);
	// The frames would all be ours, and say nothing more.
	error.stack = `${error.name}: ${problem}`;
	throw error;
}
