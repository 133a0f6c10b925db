import { billSaid } from "./bill-said.ts";
import { CountReader } from "./count-reader.ts";
import { isRecord } from "./is-record.ts";
import {
	finishUsage,
	NOT_REPORTED,
	PARSE_ERROR,
	type ParsedUsage,
	withoutKnownFields,
} from "./parsed-usage.ts";

/**
 * The usage of a response: `input_tokens` includes what was read from the cache (and written to it), `output_tokens` the
 * reasoning. Where total = input + output + reasoning, it is counted outside, as in xAI's chat. Searches are no part of
 * the usage: what is billed of them is in `tool_usage.web_search.num_requests` of the response, and where that is not told,
 * each output item of type `web_search_call` is one.
 *
 * @param response the body of a response, or the `response` of a stream's last event
 */
export function parseOpenAIResponsesUsage(response: unknown): ParsedUsage {
	const said = isRecord(response) ? response["usage"] : undefined;
	if (said === undefined || said === null) return NOT_REPORTED;
	const counts = new CountReader();
	const usage = counts.record(said);
	const input = counts.count(usage["input_tokens"]);
	const reported = counts.count(usage["output_tokens"]);
	const total = counts.count(usage["total_tokens"]);
	const inputDetails = counts.record(usage["input_tokens_details"]);
	const cacheRead = counts.count(inputDetails["cached_tokens"]);
	const cacheWrite5m = counts.count(inputDetails["cache_write_tokens"]);
	const reasoning = counts.count(counts.record(usage["output_tokens_details"])["reasoning_tokens"]);
	const sources = counts.count(usage["num_sources_used"]) ?? 0;
	if (counts.bad) return PARSE_ERROR;
	if (input === undefined && reported === undefined) return withoutKnownFields(said);
	const uncached = (input ?? 0) - (cacheRead ?? 0) - (cacheWrite5m ?? 0);
	if (uncached < 0) return PARSE_ERROR;
	const isOutside =
		reasoning !== undefined &&
		reasoning > 0 &&
		reported !== undefined &&
		total === (input ?? 0) + reported + reasoning;
	const output = isOutside ? reported + reasoning : reported;
	return {
		...billSaid(usage, response),
		usage: finishUsage({
			inputUncached: input === undefined ? undefined : uncached,
			cacheRead,
			cacheWrite5m,
			output,
			reasoning: (reasoning ?? 0) > (output ?? 0) ? undefined : reasoning,
			inputAudio: undefined,
			cacheReadAudio: undefined,
			inputImage: undefined,
			outputAudio: undefined,
			outputImage: undefined,
			...toolsIn(response, sources),
			iterations: undefined,
		}),
	};
}

/** The provider's own tools that ran: items of the output, one a use. */
function toolsIn(
	response: unknown,
	sources: number,
): {
	webSearches: number | undefined;
	serverTools: Readonly<Record<string, number>> | undefined;
} {
	const output = isRecord(response) && Array.isArray(response["output"]) ? response["output"] : [];
	let searches = 0;
	const tools = new Map<string, number>();
	for (const item of output) {
		const type: unknown = isRecord(item) ? item["type"] : undefined;
		if (type === "web_search_call") searches += isSearch(item) ? 1 : 0;
		else if (
			type === "code_interpreter_call" ||
			type === "file_search_call" ||
			type === "image_generation_call"
		) {
			const name = type.slice(0, -"_call".length);
			tools.set(name, (tools.get(name) ?? 0) + 1);
		}
	}
	// xAI bills a live search by the sources that it used.
	if (sources > 0) tools.set("live_search_sources", sources);
	searches = billedSearches(response) ?? searches;
	return {
		webSearches: searches > 0 ? searches : undefined,
		serverTools: tools.size > 0 ? Object.fromEntries(tools) : undefined,
	};
}

/** One item may be several searches, and some are free. */
function billedSearches(response: unknown): number | undefined {
	const used = isRecord(response) && isRecord(response["tool_usage"]) ? response["tool_usage"] : {};
	return isRecord(used["web_search"])
		? new CountReader().count(used["web_search"]["num_requests"])
		: undefined;
}

/** Only a search is billed: opening a page and finding something in it are not. */
function isSearch(item: unknown): boolean {
	const action = isRecord(item) ? item["action"] : undefined;
	return !isRecord(action) || action["type"] === undefined || action["type"] === "search";
}
