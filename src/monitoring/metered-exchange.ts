import { afterwards } from "../core/afterwards.ts";
import { LlmError } from "../core/llm-error.ts";
import { classifyError } from "../wire/classify-error.ts";
import type { Attempt } from "./attempt.ts";
import type { BodyTap } from "./body-tap.ts";
import { Exchange } from "./exchange.ts";
import { type AnswerHead, headOf, type HttpExchange, isEmpty, nodesHead } from "./http-exchange.ts";
import type { Question } from "./question.ts";
import { quietly } from "./quietly.ts";
import { readAnswer, watchUnread } from "./read-answer.ts";
import { RefusalMeter } from "./refusal-meter.ts";
import { tapBody } from "./tap-body.ts";

/** Of calls that ask more than once, which request an answer is to. */
const answering = new WeakMap<Response, MeteredExchange>();

/** A request of an API whose answers we can read. */
export class MeteredExchange implements HttpExchange {
	readonly #question: Question;
	readonly #signal: AbortSignal | undefined;
	readonly #attempt: Attempt;
	readonly #exchange: Exchange;

	/**
	 * @param isRetry whether its sender says so
	 * @param signal its caller's
	 */
	constructor(question: Question, isRetry: boolean, signal: AbortSignal | undefined) {
		const { call, format, model, provider } = question;
		this.#question = question;
		this.#signal = signal;
		this.#attempt = call.startAttempt({ provider, model, format }, isRetry);
		this.#exchange = new Exchange(call, provider, model);
		call.exchanges.push(this.#exchange);
	}

	answered(response: Response, isNodes: boolean): void {
		const { call, endsWith } = this.#question;
		let isMetered = false;
		quietly("call", "An answer could not be metered.", () => {
			const head = isNodes ? nodesHead(response) : headOf(response);
			if (head === undefined) {
				this.#attempt.failed();
				this.#noAnswer(endsWith === "fetch", "There is no response.");
			} else {
				const isOwn = !this.#hasInner(response);
				// Who can change the headers may do it at once, and what a refusal means is soon to be told.
				const isLater = isOwn && head.isOk && head.areHeadersFixed;
				if (isLater) this.#attempt.begun(head.status);
				else if (isOwn) this.#attempt.answered(head.status, head.headers);
				let isCounted = false;
				let tap: BodyTap | undefined = undefined;
				afterwards(() => {
					isCounted = true;
					if (isLater) this.#attempt.counted(head.headers);
					watchUnread(response, tap);
				});
				tap = head.isOk ? this.#readAnswer(response, head) : this.#readRefusal(response, head);
				// Somebody has caught up before there was one.
				if (isCounted) watchUnread(response, tap);
			}
			isMetered = true;
		});
		// Nobody would end it.
		if (!isMetered && (endsWith === "fetch" || endsWith === "answer")) call.succeed();
	}

	failed(error: unknown): void {
		quietly("call", "A failed request could not be recorded.", () => this.#attempt.failed());
		this.#exchange.isFailed = true;
		if (this.#question.endsWith === "fetch") this.#question.call.fail(error);
	}

	/**
	 * Whether a `fetch` further in has given this very answer, for a request that did not look like this one any more: then it
	 * is one request, whose attempt has been told of.
	 */
	#hasInner(response: Response): boolean {
		const { call } = this.#question;
		if (call.exchanges.length < 2) return false;
		const inner = answering.get(response);
		if (inner === undefined || inner.#question.call !== call) {
			answering.set(response, this);
			return false;
		}
		// The inner one knows better who was asked.
		call.exchanges.splice(call.exchanges.indexOf(this.#exchange), 1);
		call.attempts -= 1;
		return true;
	}

	#readAnswer(response: Response, head: AnswerHead): BodyTap | undefined {
		this.#question.isAnswered = true;
		return readAnswer(response, head, this.#question, this.#exchange, this.#signal);
	}

	#readRefusal(response: Response, head: AnswerHead): BodyTap | undefined {
		const { call, endsWith } = this.#question;
		this.#exchange.isFailed = true;
		// Who asks it hears of it in a way of its own.
		if (endsWith === "answer" || endsWith === "client") return undefined;
		const isOurs = endsWith === "fetch";
		const meter = new RefusalMeter(head.status, head.headers, (refusal, at) => {
			if (isOurs) call.fail(refusal, at);
			else quietly("call", "A refusal could not be recorded.", () => this.#exchange.failed(typeOf(refusal)));
		});
		if (isOurs) meter.ends(call, this.#signal);
		// Whatever its type says.
		const body: unknown = response.body;
		if (isEmpty(head, body) || !tapBody(response, meter, { body })) meter.dropped();
		return meter;
	}

	#noAnswer(endsCall: boolean, message: string): void {
		this.#exchange.failed("invalid_response");
		if (endsCall) this.#question.call.fail(new LlmError("invalid_response", message));
	}
}

const typeOf = (refusal: unknown): ReturnType<typeof classifyError>["errorType"] =>
	classifyError(refusal).errorType;
