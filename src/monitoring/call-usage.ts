import type { UsageMissingReason } from "../core/settled-call.ts";
import { isSameUsage, sumUsages, type TokenUsage } from "../core/token-usage.ts";
import type { AnswerSaid } from "./answer-said.ts";
import type { Call } from "./call.ts";

/** What one answer used, and whose it was. */
export interface BilledUsage {
	readonly provider: string;
	/** The model that was asked. */
	readonly model: string;
	readonly answeredModel: string | undefined;
	readonly usage: TokenUsage;
	/** The tier in which it was made, where that is not the standard one. */
	readonly serviceTier?: string | undefined;
	/** USD that the provider itself says it takes. */
	readonly reportedCostUsd?: number | undefined;
}

/** What there is to price: what providers have reported, or else what the answer itself says. */
export function billedUsages(call: Call, said: AnswerSaid): readonly BilledUsage[] {
	const heard: BilledUsage[] = [];
	for (const { answeredModel, model, provider, reportedCostUsd, serviceTier, usage } of call.exchanges) {
		if (usage !== undefined) {
			heard.push({ answeredModel, model, provider, usage, serviceTier, reportedCostUsd });
		}
	}
	const own = said.isCached ? undefined : said.usage;
	if (heard.length > 0 || own === undefined) return heard;
	const { answeredModel, model, priceProvider: provider } = call;
	const { reportedCostUsd, serviceTier } = said.bill;
	return [{ answeredModel, model, provider, usage: own, serviceTier, reportedCostUsd }];
}

/** All of it together. */
export function sumOf(billed: readonly BilledUsage[]): TokenUsage | undefined {
	return billed.length < 2 ? billed[0]?.usage : sumUsages(billed.map(({ usage }) => usage));
}

/** The model that has answered last, where it is known, or is another than the one that was asked. */
export function answeredModelOf({ answeredModel, billed, exchanges, model }: Call): string | undefined {
	const last = billed.at(-1) ?? exchanges.at(-1);
	if (last === undefined) return answeredModel;
	return last.answeredModel ?? (last.model === model ? undefined : last.model);
}

/** Why the usage, or a part of it, is not known. */
export function missingUsage(call: Call, said: AnswerSaid): UsageMissingReason | undefined {
	const { exchanges, outcome, usage } = call;
	const isUnreadable = said.isUnreadable || exchanges.some((exchange) => exchange.isUnreadable);
	const unknown = isUnreadable ? "parse_error" : "not_reported";
	const isKnown = exchanges.every((exchange) => exchange.isAccountedFor);
	if (outcome === "success") {
		if (usage === undefined) return said.isCached && isKnown ? undefined : unknown;
		// What the answer itself says stands where the providers have said nothing.
		if (exchanges.every((exchange) => exchange.usage === undefined)) return undefined;
		return isKnown && isCovered(said, usage, call.billed) ? undefined : unknown;
	}
	if (outcome !== "error") {
		const sentNothing = exchanges.length > 0 && call.attempts === 0;
		return sentNothing || (usage !== undefined && exchanges.length > 0 && isKnown) ? undefined : "aborted";
	}
	// Tokens that were seen are billed; an error before them is not, unless the answer was under way.
	const { errorType, lastAttempt } = call;
	const wasCut =
		lastAttempt?.isOk === true &&
		(errorType === "network" || errorType === "invalid_response" || errorType === "timeout");
	return call.timeToFirstTokenMs !== undefined || usage !== undefined || wasCut ? unknown : undefined;
}

/** Whether the usage in the answer is one that the providers have reported; else somebody unseen worked for it, too. */
function isCovered(said: AnswerSaid, sum: TokenUsage, billed: readonly BilledUsage[]): boolean {
	const answer = said.usage;
	if (answer === undefined || said.isCached) return true;
	return isSameUsage(answer, sum) || billed.some(({ usage }) => isSameUsage(answer, usage));
}

/** In milliseconds; `undefined` where it cannot be told. */
export function timePerOutputToken(
	{ billed, latencyMs, outcome, timeToFirstTokenMs, usage, usageMissing }: Call,
	firstToken: "answer" | "reasoning",
): number | undefined {
	const { output, reasoning = 0 } = usage ?? {};
	// Of several answers it is not known which one was streamed.
	if (outcome !== "success" || usageMissing !== undefined || billed.length !== 1) return undefined;
	if (timeToFirstTokenMs === undefined || output === undefined) return undefined;
	// Reasoning that was not streamed lies before the first token.
	const after = output - 1 - (firstToken === "answer" ? reasoning : 0);
	return after > 0 ? (latencyMs - timeToFirstTokenMs) / after : undefined;
}
