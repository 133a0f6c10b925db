import type { CountReader } from "./count-reader.ts";

/** What a provider's own tools did in a call. */
export interface ServerTools {
	readonly webSearches: number | undefined;
	readonly serverTools: Readonly<Record<string, number>> | undefined;
}

const NONE: ServerTools = { webSearches: undefined, serverTools: undefined };

/**
 * Reads `server_tool_use` of Anthropic (and of OpenRouter, which has taken it over): one `<tool>_requests` for each
 * tool. Web searches are a class of their own; of the others only those that ran are listed.
 */
export function readServerTools(
	{ server_tool_use: used }: Readonly<Record<string, unknown>>,
	counts: CountReader,
): ServerTools {
	if (used === undefined || used === null) return NONE;
	const reported = counts.record(used);
	const others: [string, number][] = [];
	for (const key of Object.keys(reported)) {
		if (!key.endsWith("_requests") || key === "web_search_requests") continue;
		const count = counts.count(reported[key]);
		if (count !== undefined && count > 0) others.push([key.slice(0, -"_requests".length), count]);
	}
	return {
		webSearches: counts.count(reported["web_search_requests"]),
		serverTools: others.length === 0 ? undefined : Object.fromEntries(others),
	};
}
