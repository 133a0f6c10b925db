import type { ErrorType } from "./llm-error.ts";
import type { TokenUsage } from "./token-usage.ts";

/** How a call ended: `aborted` means that the caller left, `abandoned` that nobody read the stream. */
export const OUTCOMES = ["success", "error", "aborted", "abandoned"] as const;

/** One of {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number];

/** Why (a part of) a call has no price. */
export const UNPRICED_REASONS = [
	/** The price book does not know the model. */
	"unknown_model",
	/** The book knows the model, but not a class of tokens, or the service tier, that the call used. */
	"unknown_rate",
	/** A web search or another tool that the provider bills and the book does not know. */
	"server_tool",
	/** A request to an API that is not metered yet: images, audio, realtime, batches, files. */
	"unmetered_api",
] as const;

/** One of {@link UNPRICED_REASONS}. */
export type UnpricedReason = (typeof UNPRICED_REASONS)[number];

/** Where a cost comes from: the provider's own word, the user's prices (`initPrometheus({ prices })`), or the list. */
export const PRICE_SOURCES = ["reported", "override", "genai-prices"] as const;

/** One of {@link PRICE_SOURCES}. */
export type PriceSource = (typeof PRICE_SOURCES)[number];

/** Why the provider's usage of a call is not known. */
export const USAGE_MISSING_REASONS = ["aborted", "not_reported", "parse_error"] as const;

/** One of {@link USAGE_MISSING_REASONS}. */
export type UsageMissingReason = (typeof USAGE_MISSING_REASONS)[number];

/** What the caller asked for, by OpenTelemetry's names. */
export type Operation = "chat" | "embeddings";

/** A call that has ended: what every listener sees, exactly once. It holds nothing that anyone said. */
export interface SettledCall {
	/** Unique; ids of one process sort in the order of their calls' starts. */
	readonly id: string;
	readonly operation: Operation;
	/** The caller's bounded name for this use of a model. */
	readonly route: string;
	readonly provider: string;
	/** The model that was asked for, fixed at the start. */
	readonly model: string;
	/** The model that the provider says has answered. */
	readonly answeredModel: string | undefined;
	/** Milliseconds since the epoch. */
	readonly startedAt: number;
	readonly latencyMs: number;
	/** Streams only. */
	readonly timeToFirstTokenMs: number | undefined;
	/** Streams only, of those that came to their end: the time after the first token for each token that came in it. */
	readonly timePerOutputTokenMs: number | undefined;
	readonly outcome: Outcome;
	/** Set exactly when `outcome` is `error`. */
	readonly errorType: ErrorType | undefined;
	readonly usage: TokenUsage | undefined;
	/** Set when the usage is not known, or known only up to the point where the caller left. */
	readonly usageMissing: UsageMissingReason | undefined;
	/** In USD, rounded once to 10⁻¹²; `undefined` when nothing of it has a known price. */
	readonly costUsd: number | undefined;
	/** Where the cost comes from (of several answers' costs, the last); `undefined` where there is none. */
	readonly priceSource: PriceSource | undefined;
	/** Whose prices those are: a model of the list, or an override's `model`; `undefined` where the provider told the cost. */
	readonly pricedModel: string | undefined;
	/** Set when the call, or a part of it, has no known price. */
	readonly unpriced: UnpricedReason | undefined;
	/** The trace that the call belongs to: the caller's own word, or the OpenTelemetry span in which it started. */
	readonly exemplar: { readonly traceId: string; readonly spanId?: string | undefined } | undefined;
	/** HTTP requests made for it, retries included; 0 when none was seen. */
	readonly attempts: number;
	/** The caller's own bounded names, from `withTags`. */
	readonly tags: Readonly<Record<string, string>> | undefined;
}

/** A call as plain data: what settles it knows more. */
export function copySettledCall(call: SettledCall): SettledCall {
	return {
		id: call.id,
		operation: call.operation,
		route: call.route,
		provider: call.provider,
		model: call.model,
		answeredModel: call.answeredModel,
		startedAt: call.startedAt,
		latencyMs: call.latencyMs,
		timeToFirstTokenMs: call.timeToFirstTokenMs,
		timePerOutputTokenMs: call.timePerOutputTokenMs,
		outcome: call.outcome,
		errorType: call.errorType,
		usage: call.usage,
		usageMissing: call.usageMissing,
		costUsd: call.costUsd,
		priceSource: call.priceSource,
		pricedModel: call.pricedModel,
		unpriced: call.unpriced,
		exemplar: call.exemplar,
		attempts: call.attempts,
		tags: call.tags,
	};
}
