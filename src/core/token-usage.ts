/**
 * What one call used, as the provider counted it, in disjoint classes: every token is in exactly
 * one of `inputUncached`, `cacheRead`, `cacheWrite5m`, `cacheWrite1h` and `output`. The fields
 * below "parts" say how much of a class was of a kind and are never to be added to it.
 * A field that the provider did not report is absent, which is not the same as `0`.
 */
export interface TokenUsage {
	/** Input tokens neither read from nor written to the provider's cache. */
	readonly inputUncached?: number;
	/** Input tokens read from the provider's prompt cache. */
	readonly cacheRead?: number;
	/** Input tokens written to the cache for five minutes (or with no stated lifetime). */
	readonly cacheWrite5m?: number;
	/** Input tokens written to the cache for one hour. */
	readonly cacheWrite1h?: number;
	/** Output tokens, reasoning included. */
	readonly output?: number;

	/** Part of `output`: tokens the model spent reasoning. */
	readonly reasoning?: number;
	/** Part of `inputUncached`: audio tokens. */
	readonly inputAudio?: number;
	/** Part of `cacheRead`: audio tokens. */
	readonly cacheReadAudio?: number;
	/** Part of `inputUncached`: image tokens. */
	readonly inputImage?: number;
	/** Part of `output`: audio tokens. */
	readonly outputAudio?: number;
	/** Part of `output`: image tokens. */
	readonly outputImage?: number;

	/** Web searches that the provider ran and bills by the request. */
	readonly webSearches?: number;
	/** Other tools the provider ran, by its own name, with their count ("web_fetch", "code_execution"). */
	readonly serverTools?: Readonly<Record<string, number>>;

	/**
	 * The requests that this usage is the sum of, where the provider ran several for one call
	 * (Anthropic's iterations). Price tiers look at one request, so each is priced for itself; what
	 * is not a token (searches, tools) stays with the whole.
	 */
	readonly iterations?: readonly IterationUsage[];
}

/** One of the requests behind a call, with the model that answered it where that differs. */
export interface IterationUsage extends TokenUsage {
	readonly model?: string;
}

/**
 * All input tokens, cached ones included; `undefined` when the provider reported none of them.
 *
 * @example
 * ```ts
 * import { totalInput } from "@hyperagent/observe/monitoring";
 *
 * console.log(totalInput({ inputUncached: 100, cacheRead: 900 })); // 1000
 * console.log(totalInput({ output: 5 })); // undefined
 * ```
 */
export function totalInput(usage: TokenUsage): number | undefined {
	const { inputUncached, cacheRead, cacheWrite5m, cacheWrite1h } = usage;
	if (
		inputUncached === undefined &&
		cacheRead === undefined &&
		cacheWrite5m === undefined &&
		cacheWrite1h === undefined
	) {
		return undefined;
	}
	return (inputUncached ?? 0) + (cacheRead ?? 0) + (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
}

const COUNTS = [
	"inputUncached",
	"cacheRead",
	"cacheWrite5m",
	"cacheWrite1h",
	"output",
	"reasoning",
	"inputAudio",
	"cacheReadAudio",
	"inputImage",
	"outputAudio",
	"outputImage",
	"webSearches",
] as const;

/** Whether a usage, wherever it comes from, has at least one count, and nothing but counts where they belong. */
export function isValidUsage(usage: unknown): usage is TokenUsage {
	if (typeof usage !== "object" || usage === null) return false;
	// A view on what may be anything: each field is checked before it is believed.
	const { iterations, serverTools, ...fields } = usage as Record<string, unknown>;
	let counts = 0;
	for (const name of COUNTS) {
		if (fields[name] === undefined) continue;
		if (!isCount(fields[name])) return false;
		counts += 1;
	}
	if (serverTools !== undefined) {
		if (typeof serverTools !== "object" || serverTools === null) return false;
		if (!Object.values(serverTools).every(isCount)) return false;
		counts += 1;
	}
	if (iterations !== undefined && !(Array.isArray(iterations) && iterations.every(isValidUsage)))
		return false;
	return counts > 0;
}

function isCount(value: unknown): boolean {
	return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Several usages added up; what their iterations were is left out, since each usage has its own price. */
export function sumUsages(usages: readonly TokenUsage[]): TokenUsage {
	const sum: { -readonly [K in (typeof COUNTS)[number]]?: number } = {};
	const tools: Record<string, number> = {};
	for (const usage of usages) {
		for (const name of COUNTS) {
			const count = usage[name];
			if (count !== undefined) sum[name] = (sum[name] ?? 0) + count;
		}
		for (const [tool, count] of Object.entries(usage.serverTools ?? {})) {
			tools[tool] = (tools[tool] ?? 0) + count;
		}
	}
	return { ...sum, ...(Object.keys(tools).length === 0 ? undefined : { serverTools: tools }) };
}

/** Whether two usages count the same. */
export function isSameUsage(one: TokenUsage, other: TokenUsage): boolean {
	return one === other || COUNTS.every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
