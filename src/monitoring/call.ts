import type { ErrorType } from "../core/llm-error.ts";
import type {
	Operation,
	Outcome,
	SettledCall,
	UnpricedReason,
	UsageMissingReason,
} from "../core/settled-call.ts";
import { isValidUsage, type TokenUsage } from "../core/token-usage.ts";
import type { Exemplar } from "../metrics/exemplar.ts";
import { installedRecorder, type Recorder } from "../metrics/recorder.ts";
import { classifyError, isAbort } from "../wire/classify-error.ts";
import { activeSpan } from "./active-span.ts";
import { Attempt } from "./attempt.ts";
import { reportInternalError } from "./internal-errors.ts";
import { observe } from "./observer.ts";

/** What is known of a call when it starts. */
export interface CallStart {
	readonly operation: Operation;
	readonly route: string;
	/** The `provider` label. */
	readonly provider: string;
	/** The family whose prices apply, where it is not the label. */
	readonly priceProvider?: string | undefined;
	readonly model: string;
	/** The caller's own signal: what it aborts is no error. */
	readonly signal?: AbortSignal | undefined;
	/** The trace that it belongs to; else the OpenTelemetry span that is active at the start. */
	readonly exemplar?: Exemplar | undefined;
}

/**
 * A call's life: it is active from its construction until one of {@link succeed}, {@link fail}, {@link leave} or
 * {@link abandon} settles it; whichever comes first counts, the others do nothing then. No method throws.
 */
export class Call implements SettledCall {
	readonly operation: Operation;
	readonly route: string;
	readonly provider: string;
	readonly priceProvider: string;
	readonly model: string;
	readonly startedAt: number;
	answeredModel: string | undefined = undefined;
	latencyMs = 0;
	timeToFirstTokenMs: number | undefined = undefined;
	outcome: Outcome = "success";
	errorType: ErrorType | undefined = undefined;
	usage: TokenUsage | undefined = undefined;
	usageMissing: UsageMissingReason | undefined = undefined;
	costUsd: number | undefined = undefined;
	unpriced: UnpricedReason | undefined = undefined;
	readonly exemplar: Exemplar | undefined;
	attempts = 0;

	/** Set once the call has ended. */
	isSettled = false;
	/** The recorder that counts it as active, and where; none if there was none at the start. */
	readonly recorder: Recorder | undefined = installedRecorder.value;
	readonly pair: number;
	readonly target: number;
	/** The attempt that ended last. */
	lastAttempt: Attempt | undefined = undefined;
	/** HTTP 429 answers whose meaning (rate limit or quota) the end of the call tells. */
	undecidedRefusals = 0;
	readonly #signal: AbortSignal | undefined;
	readonly #start: number = performance.now();
	#usageUnreadable = false;

	constructor(start: CallStart) {
		this.operation = start.operation;
		this.route = start.route;
		this.provider = start.provider;
		this.priceProvider = start.priceProvider ?? start.provider;
		this.model = start.model;
		this.#signal = start.signal;
		this.exemplar = start.exemplar ?? activeSpan();
		this.startedAt = performance.timeOrigin + this.#start;
		this.pair = this.recorder?.pair(start.route, start.model) ?? -1;
		this.target = this.recorder?.target(start.provider, start.model) ?? -1;
		this.recorder?.activeUp(this.pair);
	}

	/** One HTTP request of this call begins. */
	startAttempt(): Attempt {
		this.attempts += 1;
		if (this.attempts > 1) this.recorder?.retry(this.target);
		return new Attempt(this);
	}

	/** Whether the caller has left: by its signal (a timeout of its signal is none), or by ending the call. */
	get callerLeft(): boolean {
		return this.isSettled || (this.#signal?.aborted === true && !isTimeout(this.#signal.reason));
	}

	/** The first token of a stream is here. */
	firstToken(): void {
		this.timeToFirstTokenMs ??= performance.now() - this.#start;
	}

	/** What the provider has said of the usage so far: each report replaces the one before. */
	reportUsage(usage: TokenUsage | "parse_error"): void {
		if (this.isSettled) return;
		this.#usageUnreadable = usage === "parse_error" || !isValidUsage(usage);
		if (usage === "parse_error") return;
		if (this.#usageUnreadable) {
			reportInternalError("usage", `${this.provider} ${this.model}: a usage has fields that are no counts.`);
			return;
		}
		this.usage = usage;
	}

	/** The model that answers, in the provider's words. */
	reportModel(model: string): void {
		if (!this.isSettled && typeof model === "string" && model !== "") this.answeredModel = model;
	}

	/** The answer comes from a response cache: the call ends as if it had never been. */
	serveFromCache(): void {
		if (this.isSettled) return;
		this.isSettled = true;
		this.recorder?.activeDown(this.pair);
	}

	/** The whole answer is here. */
	succeed(): void {
		if (this.isSettled) return;
		if (this.usage === undefined) {
			this.usageMissing = this.#usageUnreadable ? "parse_error" : "not_reported";
		}
		this.#settle("success");
	}

	/** The call threw, or its stream did. The caller's own abort is `aborted`, its signal's timeout a `timeout`. */
	fail(error: unknown): void {
		if (this.isSettled) return;
		try {
			const facts = classifyError(error);
			const answered = facts.status !== undefined && facts.status >= 400;
			const aborted = this.#signal?.aborted === true;
			if (!answered && aborted && isTimeout(this.#signal.reason)) {
				this.errorType = "timeout";
			} else if (!answered && (aborted || isAbort(error))) {
				this.leave();
				return;
			} else {
				this.errorType = facts.errorType;
			}
		} catch (cause) {
			reportInternalError("call", "An error could not be classified.", cause);
			this.errorType = "api_error";
		}
		// Tokens that were seen are billed; an error before them is not.
		if (this.timeToFirstTokenMs !== undefined) {
			this.usageMissing = this.#usageUnreadable ? "parse_error" : "not_reported";
		}
		this.#settle("error");
	}

	/** The caller left: it aborted, or it stopped reading. What the provider had said by then counts. */
	leave(): void {
		if (this.isSettled) return;
		this.usageMissing = "aborted";
		this.#settle("aborted");
	}

	/** Nobody reads the answer. */
	abandon(): void {
		if (this.isSettled) return;
		this.usageMissing = "aborted";
		this.#settle("abandoned");
	}

	#settle(outcome: Outcome): void {
		this.isSettled = true;
		this.outcome = outcome;
		this.latencyMs = performance.now() - this.#start;
		try {
			this.recorder?.activeDown(this.pair);
			this.#decideRefusals();
			observe(this);
		} catch (cause) {
			reportInternalError("call", `A call of route "${this.route}" could not be recorded.`, cause);
		}
	}

	/** A 429 says "rate limit" or "no money left" only in its body, which is the caller's to read. */
	#decideRefusals(): void {
		const { recorder, target } = this;
		if (recorder === undefined) return;
		const result = this.errorType === "quota" ? "error" : "rate_limited";
		for (; this.undecidedRefusals > 0; this.undecidedRefusals -= 1) recorder.attempt(target, result);
		// Said inside a stream, or by a backend that shows no HTTP.
		if (this.errorType === "rate_limit" && this.lastAttempt?.status !== 429) recorder.rateLimited(target);
	}
}

function isTimeout(reason: unknown): boolean {
	return reason instanceof Error && reason.name === "TimeoutError";
}
