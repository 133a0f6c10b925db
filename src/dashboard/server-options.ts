import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { CostTracker } from "../monitoring/index.ts";
import type { DashboardServerOptions } from "./dashboard-server.ts";

const OPTIONS = ["authToken", "logger", "notice"];
const LEVELS = ["info", "warn", "error"] as const;

/** Throws `BAD_OPTION` at the first argument that cannot be meant. */
export function checkServerOptions(costTracker: CostTracker, options: DashboardServerOptions): void {
	// By its shape: the tracker may be of another loaded copy of this package.
	expect(typeof costTracker?.totals === "function", "costTracker", "a CostTracker");
	expect(typeof options === "object" && options !== null && !Array.isArray(options), "options", "an object");
	for (const key of Object.keys(options)) expect(OPTIONS.includes(key), key, `one of ${OPTIONS.join(", ")}`);
	const { authToken, logger, notice } = options;
	// An empty one is a variable that was not set; it must not pass for "no token wanted". What is wrong is never shown.
	const fits = authToken === undefined || (typeof authToken === "string" && /^[\x21-\x7e]+$/.test(authToken));
	expect(fits, "authToken", "at least one visible ASCII character and no space (leave it out for none)");
	expect(notice === undefined || typeof notice === "string", "notice", "a string");
	const logs = logger === undefined || LEVELS.every((level) => typeof logger?.[level] === "function");
	expect(logs, "logger", "an object with info, warn and error functions");
}

function expect(fits: boolean, path: string, expected: string): void {
	if (fits) return;
	throw new HyperAgentError("BAD_OPTION", `new DashboardServer(): expected ${expected} at \`${path}\`.`);
}
