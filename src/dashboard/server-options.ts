import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { CostTracker } from "../monitoring/index.ts";
import type { DashboardServerOptions } from "./dashboard-server.ts";
import { parseListenAddress } from "./listen-address.ts";

const OPTIONS = [
	"allowUnauthenticated",
	"authToken",
	"corsOrigins",
	"logger",
	"maxConnections",
	"maxEventStreams",
	"metricsAddress",
	"metricsToken",
	"notice",
	"sessionHours",
];
const LEVELS = ["info", "warn", "error"] as const;

/** Throws `BAD_OPTION` at the first argument that cannot be meant. */
export function checkServerOptions(costTracker: CostTracker, options: DashboardServerOptions): void {
	// By its shape: the tracker may be of another loaded copy of this package.
	expect(typeof costTracker?.totals === "function", "costTracker", "a CostTracker");
	expect(typeof options === "object" && options !== null && !Array.isArray(options), "options", "an object");
	for (const key of Object.keys(options)) expect(OPTIONS.includes(key), key, `one of ${OPTIONS.join(", ")}`);
	const { allowUnauthenticated, authToken, corsOrigins, logger, metricsAddress, notice } = options;
	const { maxConnections, maxEventStreams, metricsToken, sessionHours } = options;
	// An empty one is a variable that was not set; it must not pass for "no token wanted". What is wrong is never shown.
	for (const [name, token] of Object.entries({ authToken, metricsToken })) {
		const fits = token === undefined || (typeof token === "string" && /^[\x21-\x7e]{1,512}$/.test(token));
		expect(fits, name, "1 to 512 visible ASCII characters and no space (leave it out for none)");
	}
	expect(isOptional(allowUnauthenticated, "boolean"), "allowUnauthenticated", "a boolean");
	const isEither = allowUnauthenticated !== true || authToken === undefined;
	expect(isEither, "allowUnauthenticated", "no authToken beside it: one of the two cannot be meant");
	expect(isOptional(notice, "string"), "notice", "a string");
	const logs = logger === undefined || LEVELS.every((level) => typeof logger?.[level] === "function");
	expect(logs, "logger", "an object with info, warn and error functions");
	const isList = corsOrigins === undefined || (Array.isArray(corsOrigins) && corsOrigins.every(isOrigin));
	expect(isList, "corsOrigins", 'a list of origins such as "https://grafana.example.com" (not "*")');
	if (metricsAddress !== undefined) parseListenAddress(metricsAddress);
	for (const [name, count] of Object.entries({ maxConnections, maxEventStreams })) {
		const fits = count === undefined || (Number.isSafeInteger(count) && count >= 1);
		expect(fits, name, "an integer of at least 1");
	}
	const hours = sessionHours === undefined || (sessionHours > 0 && sessionHours <= 8760);
	expect(hours, "sessionHours", "a number above 0 and up to 8760");
}

function isOptional(value: unknown, type: "boolean" | "string"): boolean {
	return value === undefined || typeof value === type;
}

/** As a browser writes one in `Origin`: there is nothing else to compare with. */
function isOrigin(value: unknown): boolean {
	return (
		typeof value === "string" &&
		/^https?:/.test(value) &&
		URL.canParse(value) &&
		new URL(value).origin === value
	);
}

function expect(fits: boolean, path: string, expected: string): void {
	if (fits) return;
	throw new HyperAgentError("BAD_OPTION", `new DashboardServer(): expected ${expected} at \`${path}\`.`);
}
