import { setImmediate } from "node:timers";
import { LlmError } from "../core/llm-error.ts";
import { AnswerMeter } from "./answer-meter.ts";
import type { BodyTap } from "./body-tap.ts";
import { Exchange } from "./exchange.ts";
import { type AnswerHead, headOf } from "./http-exchange.ts";
import type { Question } from "./question.ts";
import { quietly } from "./quietly.ts";
import { tapBody } from "./tap-body.ts";

/** Meters the answer to a question while its reader reads it. */
export function readAnswer(
	response: Response,
	{ headers, isEmpty }: AnswerHead,
	question: Question,
	exchange: Exchange,
	signal: AbortSignal | undefined,
): void {
	const { call, endsWith, leavesByUnlocking } = question;
	if (isEmpty) {
		exchange.failed("invalid_response");
		if (endsWith === "fetch" || endsWith === "answer")
			call.fail(new LlmError("invalid_response", "The answer is empty."));
		return;
	}
	const meter = new AnswerMeter(question, exchange, headers.get("content-type"), signal);
	if (!tapBody(response, meter, { isStream: meter.isStream, leavesByUnlocking })) meter.unwatched();
	if (meter.isStream) meter.waits();
	watchForget(response, meter, meter.isStream ? undefined : meter);
}

/** What calls end with already: a client gives what it asked for again to whoever asked it. */
const given = new WeakSet<Response>();

/**
 * Ends a call that only its client can end, with the answer that the client gives: one of those that it was sent, or one
 * that it makes of them. What they used they have told themselves.
 *
 * @param signal with which its reader leaves
 */
export function endWithGiven(question: Question, response: Response, signal: AbortSignal | undefined): void {
	const { call, model, provider } = question;
	if (given.has(response)) return;
	let isMetered = false;
	quietly("call", "An answer could not be metered.", () => {
		const head = headOf(response);
		if (head === undefined) return;
		given.add(response);
		const ending: Question = { ...question, endsWith: "answer", hidesUsage: false };
		readAnswer(response, head, ending, new Exchange(call, provider, model), signal);
		isMetered = true;
	});
	// Nobody would end it.
	if (!isMetered) call.succeed();
}

// A test's fake timers may stand in its place later.
const putOff = setImmediate;

/**
 * The body is gone: if nobody has begun to read it, nobody will. It is what is watched, for one may have let go of the
 * response and hold on to that. What the tap holds does not hold the body.
 */
const unread = new FinalizationRegistry<BodyTap>((tap) => tap.forgotten());

export function watchForget(response: Response, tap: BodyTap, waiting?: { waits(): void }): void {
	const body: unknown = response.body;
	const watched = typeof body === "object" && body !== null ? body : response;
	// Most answers are read by then: they need no watching, and no timer.
	putOff(() =>
		quietly("call", "An answer could not be watched.", () => {
			if (tap.isOver) return;
			unread.register(watched, tap);
			waiting?.waits();
		}),
	);
}
