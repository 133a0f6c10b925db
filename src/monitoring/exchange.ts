import type { ErrorType } from "../core/llm-error.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import type { ParsedUsage } from "../wire/parsed-usage.ts";
import type { Call } from "./call.ts";
import { currentCall } from "./current-call.ts";

/**
 * What one provider says while it answers one question. Mostly a call has one; a backend that asks several models for
 * one answer has more, and their usages add up. Without a call under way it only passes on.
 */
export class Exchange {
	readonly provider: string;
	/** The model that was asked. */
	readonly model: string;
	answeredModel: string | undefined = undefined;
	usage: TokenUsage | undefined = undefined;
	serviceTier: string | undefined = undefined;
	reportedCostUsd: number | undefined = undefined;
	/** The last usage that was said could not be read. */
	isUnreadable = false;
	/** The answer has come. */
	isDone = false;
	/** None will come. */
	isFailed = false;
	/** The answer has come to its end, so that the usage is the whole. */
	isComplete = false;
	readonly #call: Call | undefined;

	constructor(call: Call | undefined, provider: string, model: string) {
		this.#call = call;
		this.provider = provider;
		this.model = model;
	}

	/** What is said of the usage; each report replaces the one before. The answer is the usage where it is readable. */
	reportUsage(parsed: ParsedUsage): TokenUsage | undefined {
		if ("usage" in parsed) {
			this.usage = parsed.usage;
			this.serviceTier = parsed.serviceTier;
			this.reportedCostUsd = parsed.reportedCostUsd;
			this.isUnreadable = false;
			return parsed.usage;
		}
		if (parsed.missing === "parse_error") this.isUnreadable = true;
		return undefined;
	}

	/** The model that answers, in the provider's words. */
	reportModel(model: string | undefined): void {
		if (model !== undefined && model !== "") this.answeredModel = model;
	}

	/** A token is here, which the caller may not have seen yet. */
	firstToken(kind: "answer" | "reasoning"): void {
		this.#call?.firstToken(kind);
	}

	/** @param isComplete whether the provider itself ended the answer */
	done(isComplete = true): void {
		this.isDone = true;
		this.isComplete = isComplete;
		this.#call?.decideRefusals(undefined);
	}

	/** @param errorType why there is no answer; none where the caller has left */
	failed(errorType: ErrorType | undefined): void {
		this.isFailed = true;
		this.#call?.decideRefusals(errorType);
	}

	/** Whether the usage of the whole answer is known, or there is none to know of. */
	get isAccountedFor(): boolean {
		if (this.isFailed) return this.usage === undefined;
		return this.isDone && this.isComplete && this.usage !== undefined;
	}
}

/** A provider begins to work for the call under way, if there is one. */
export function openExchange(provider: string, model: string): Exchange {
	const call = currentCall();
	const exchange = new Exchange(call, provider, model);
	call?.exchanges.push(exchange);
	return exchange;
}
