import { afterwards, catchUp } from "../core/afterwards.ts";
import { isCallChannelHeard } from "../core/call-channel.ts";
import { callGate, type Reservation } from "../core/call-gate.ts";
import { callId, nextSequence } from "../core/call-id.ts";
import type { ErrorType } from "../core/llm-error.ts";
import type {
	Operation,
	Outcome,
	PriceSource,
	SettledCall,
	UnpricedReason,
	UsageMissingReason,
} from "../core/settled-call.ts";
import { wallTime } from "../core/wall-clock.ts";
import { isValidUsage, type TokenUsage } from "../core/token-usage.ts";
import type { Exemplar } from "../metrics/exemplar.ts";
import { installedRecorder, type Recorder } from "../metrics/recorder.ts";
import { type BillSaid, NO_BILL } from "../wire/bill-said.ts";
import { classifyError } from "../wire/classify-error.ts";
import { activeSpan } from "./active-span.ts";
import { AnswerSaid } from "./answer-said.ts";
import { Attempt, type Sender } from "./attempt.ts";
import {
	answeredModelOf,
	type BilledUsage,
	billedUsages,
	missingUsage,
	sumOf,
	timePerOutputToken,
} from "./call-usage.ts";
import { currentTags } from "./current-tags.ts";
import type { Exchange } from "./exchange.ts";
import { reportInternalError } from "./internal-errors.ts";
import { observe, observeNoted, observeServed } from "./observer.ts";

/** What is known of a call when it starts. */
export interface CallStart {
	readonly operation: Operation;
	readonly route: string;
	/** The `provider` label. */
	readonly provider: string;
	/** The family whose prices apply, where it is not the label. */
	readonly priceProvider?: string | undefined;
	readonly model: string;
	/** Whether the answer comes in pieces: only then there is a first one. */
	readonly isStream?: boolean | undefined;
	/** Whether all its HTTP requests ask the same: then what comes after a failed one is a retry, numbered or not. */
	readonly isOneQuestion?: boolean | undefined;
	/** The caller's own signal: what it aborts is no error. */
	readonly signal?: AbortSignal | undefined;
	/** The trace that it belongs to; else the OpenTelemetry span that is active at the start. */
	readonly exemplar?: Exemplar | undefined;
}

/** Most calls have none of what they may have several of. */
const NOTHING: readonly never[] = [];
const NOTHING_SAID = new AnswerSaid();

/**
 * A call's life: it is active from its construction until one of {@link succeed}, {@link fail}, {@link leave} or
 * {@link abandon} settles it; whichever comes first counts, the others do nothing then. No method throws; the constructor does, where a
 * budget refuses the call.
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
	timePerOutputTokenMs: number | undefined = undefined;
	outcome: Outcome = "success";
	errorType: ErrorType | undefined = undefined;
	usage: TokenUsage | undefined = undefined;
	usageMissing: UsageMissingReason | undefined = undefined;
	costUsd: number | undefined = undefined;
	priceSource: PriceSource | undefined = undefined;
	pricedModel: string | undefined = undefined;
	unpriced: UnpricedReason | undefined = undefined;
	readonly exemplar: Exemplar | undefined;
	attempts = 0;
	readonly tags: Readonly<Record<string, string>> | undefined = currentTags();
	readonly #sequence: number = nextSequence();

	/** Set once the call has ended. */
	isSettled = false;
	/** The recorder that counts it as active, and where; none if there was none at the start. */
	readonly recorder: Recorder | undefined = installedRecorder.value;
	readonly pair: number;
	/** Every answer that a provider of ours works at for it. */
	readonly exchanges: Exchange[] = [];
	/** What there is to price, once it has ended. */
	billed: readonly BilledUsage[] = NOTHING;
	/** The attempt that ended last. */
	lastAttempt: Attempt | undefined = undefined;
	/** HTTP 429 and 503 answers whose meaning (a rate limit or not) is still to be told. */
	undecided: readonly Attempt[] = NOTHING;
	/** Called once when it has ended. */
	onSettled: (() => void) | undefined = undefined;
	readonly #isStream: boolean;
	readonly #isOneQuestion: boolean;
	readonly #signal: AbortSignal | undefined;
	readonly #start: number = performance.now();
	#onAbort: (() => void) | undefined = undefined;
	#firstTokenKind: "answer" | "reasoning" = "answer";
	#said: AnswerSaid | undefined = undefined;
	/** What budgets have set aside for it. */
	readonly #reservation: Reservation | undefined;

	/** @throws BudgetExceededError where a budget refuses it: it must not be made then */
	constructor(start: CallStart) {
		this.operation = start.operation;
		this.route = start.route;
		this.provider = start.provider;
		this.priceProvider = start.priceProvider ?? start.provider;
		this.model = start.model;
		this.#isStream = start.isStream ?? false;
		this.#isOneQuestion = start.isOneQuestion ?? false;
		this.#signal = start.signal;
		this.exemplar = start.exemplar ?? activeSpan();
		this.startedAt = wallTime(this.#start);
		this.#reservation = callGate.value?.admit(this);
		this.pair = this.recorder?.pair(start.route, start.model) ?? -1;
		this.recorder?.activeUp(this.pair);
		this.recorder?.setOrigin(this.pair, this);
	}

	/** Made when it is asked for: most calls are never asked. */
	get id(): string {
		return callId(this.#sequence);
	}

	/**
	 * One HTTP request of this call begins.
	 *
	 * @param isRetry whether its sender says so: a call may have several requests that are none
	 */
	startAttempt(sender: Sender, isRetry: boolean): Attempt {
		this.attempts += 1;
		const attempt = new Attempt(this, sender);
		if (isRetry || (this.#isOneQuestion && this.lastAttempt?.isRetryable === true)) attempt.isRetry();
		return attempt;
	}

	/** Where the installed recorder counts the attempts. */
	get target(): number {
		return installedRecorder.value?.target(this.provider, this.model) ?? -1;
	}

	/** Whether the caller has left: by its signal (a timeout of its signal is none), or by ending the call. */
	get callerLeft(): boolean {
		return this.isSettled || (this.#signal?.aborted === true && !isTimeout(this.#signal.reason));
	}

	/** Whether the caller's own signal has said that it is over, for whatever reason. */
	get isSignalled(): boolean {
		return this.#signal?.aborted === true;
	}

	/** Ends the call when the caller's signal is aborted: a stream may never be read again then. */
	watchSignal(): void {
		try {
			if (this.#signal?.aborted === true) this.fail(this.#signal.reason);
			else if (!this.isSettled && this.#signal !== undefined) {
				const onAbort = (): void => this.fail(this.#signal?.reason);
				this.#signal.addEventListener("abort", onAbort, { once: true });
				this.#onAbort = onAbort;
			}
		} catch (cause) {
			reportInternalError("call", "A call's signal is no AbortSignal, so its abort is not heard.", cause);
		}
	}

	/** The first token of a stream is here; later ones change nothing. */
	firstToken(kind: "answer" | "reasoning" = "answer"): void {
		if (this.isSettled || !this.#isStream || this.timeToFirstTokenMs !== undefined) return;
		this.timeToFirstTokenMs = performance.now() - this.#start;
		this.#firstTokenKind = kind;
	}

	/**
	 * The usage in an answer, wherever it comes from. It counts where no provider of ours has reported its own.
	 *
	 * @param bill what the answer says of its price
	 */
	reportUsage(usage: unknown, bill: BillSaid = NO_BILL): void {
		if (this.isSettled) return;
		this.#said ??= new AnswerSaid();
		if (this.#said.take(usage, bill)) return;
		reportInternalError("usage", `${this.provider} ${this.model}: a usage has fields that are no counts.`);
	}

	/** The model that answers, in the provider's words. */
	reportModel(model: unknown): void {
		if (!this.isSettled && typeof model === "string" && model !== "") this.answeredModel = model;
	}

	/** Whether what the caller gets comes from a response cache: if nobody was asked, the call is as if it had never been. */
	serveFromCache(isCached = true): void {
		this.#said ??= new AnswerSaid();
		this.#said.isCached = isCached;
	}

	/**
	 * The whole answer is here, and its reader goes on with it: what it says is read after that, and the call recorded.
	 *
	 * @param read says what is wrong with the answer, if anything
	 */
	answered(read: () => unknown): void {
		if (this.isSettled) return;
		this.#end();
		// Who begins to listen meanwhile has not been there.
		const isHeard = isCallChannelHeard();
		const record = (): void => {
			const wrong = read();
			if (wrong !== undefined) this.errorType = errorTypeOf(wrong);
			this.#record(wrong === undefined ? "success" : "error", isHeard);
		};
		// Somebody's own code may look at what is around it, or refuse the next call.
		if (!isHeard && callGate.value === undefined) afterwards(record);
		else {
			catchUp();
			record();
		}
	}

	/** The whole answer is here. */
	succeed(): void {
		if (!this.isSettled) this.#settle("success");
	}

	/**
	 * The call threw, or its stream did. The caller's own abort is `aborted`, its signal's timeout a `timeout`.
	 *
	 * @param at when it did, as `performance.now()` has it: now unless given
	 */
	fail(error: unknown, at?: number): void {
		if (this.isSettled) return;
		try {
			const facts = classifyError(error);
			const reason: unknown = this.#signal?.reason;
			// The reason may look like anything, even like an answer.
			const isReason = error === reason || (error instanceof Error && error.cause === reason);
			const isAnswer = facts.status !== undefined && facts.status >= 400 && !isReason;
			const aborted = this.#signal?.aborted === true && !isAnswer;
			if (aborted && !isTimeout(reason)) {
				this.leave();
				return;
			}
			this.errorType = aborted ? "timeout" : facts.errorType;
		} catch (cause) {
			this.errorType = unclassified(cause);
		}
		this.#settle("error", at);
	}

	/** The caller left: it aborted, or it stopped reading. What the provider had said by then counts. */
	leave(): void {
		if (!this.isSettled) this.#settle("aborted");
	}

	/** Nobody reads the answer. */
	abandon(): void {
		if (!this.isSettled) this.#settle("abandoned");
	}

	/** The usage in an answer from a response cache: that of the call which was made for it once. */
	reportServed(usage: unknown): void {
		if (!isValidUsage(usage)) return;
		this.#said ??= new AnswerSaid();
		this.#said.servedUsage = usage;
	}

	#settle(outcome: Outcome, at?: number): void {
		this.#end(at);
		catchUp();
		this.#record(outcome, isCallChannelHeard());
	}

	/** It is over: from now on nobody changes anything. */
	#end(at = performance.now()): void {
		this.isSettled = true;
		this.latencyMs = at - this.#start;
		try {
			this.#reservation?.release();
			if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
			this.recorder?.activeDown(this.pair);
			this.onSettled?.();
		} catch (cause) {
			this.#unrecorded(cause);
		}
	}

	/** Everything that it leaves behind. */
	#record(outcome: Outcome, isHeard: boolean): void {
		this.outcome = outcome;
		try {
			const said = this.#said ?? NOTHING_SAID;
			if (said.isCached && this.attempts === 0 && this.exchanges.length === 0) {
				if (outcome === "success") this.#served(said);
				return;
			}
			this.billed = billedUsages(this, said);
			this.usage = sumOf(this.billed);
			this.answeredModel = answeredModelOf(this);
			this.usageMissing = missingUsage(this, said);
			this.timePerOutputTokenMs = timePerOutputToken(this, this.#firstTokenKind);
			this.decideRefusals(this.errorType);
			this.#countUnseenRefusal();
			observe(this, isHeard);
		} catch (cause) {
			this.#unrecorded(cause);
		}
	}

	#unrecorded(cause: unknown): void {
		reportInternalError("call", `A call of route "${this.route}" could not be recorded.`, cause);
	}

	/** The answer is one that a provider gave before: what it used then is what it has saved now. */
	#served({ servedUsage: usage }: AnswerSaid): void {
		const { model, priceProvider: provider } = this;
		if (usage === undefined) return;
		this.usage = usage;
		const { answeredModel } = this;
		this.billed = [
			{ answeredModel, model, provider, usage, serviceTier: undefined, reportedCostUsd: undefined },
		];
		observeServed(this);
	}

	/**
	 * A 429 says "rate limit" or "no money left" only in its body, a 503 "overloaded" or "slow down": the caller's to read.
	 * So they wait until it is known how the attempts ended.
	 *
	 * @param errorType of what failed; none where an answer came in the end
	 */
	decideRefusals(errorType: ErrorType | undefined): void {
		const { undecided } = this;
		if (undecided.length === 0) return;
		this.undecided = NOTHING;
		for (const attempt of undecided) attempt.decide(errorType);
	}

	/** One that was said inside a stream, or by a backend that shows no HTTP. */
	#countUnseenRefusal(): void {
		const { errorType, lastAttempt, target } = this;
		if (errorType !== "rate_limit" || lastAttempt?.status === 429 || lastAttempt?.status === 503) return;
		installedRecorder.value?.rateLimited(target);
		if (target >= 0) observeNoted("rate_limited", this.route, this.model, this.provider);
	}
}

function errorTypeOf(error: unknown): ErrorType {
	try {
		return classifyError(error).errorType;
	} catch (cause) {
		return unclassified(cause);
	}
}

function unclassified(cause: unknown): ErrorType {
	reportInternalError("call", "An error could not be classified.", cause);
	return "api_error";
}

function isTimeout(reason: unknown): boolean {
	return reason instanceof Error && reason.name === "TimeoutError";
}
