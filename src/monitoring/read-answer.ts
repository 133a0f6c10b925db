import { afterwards } from "../core/afterwards.ts";
import { LlmError } from "../core/llm-error.ts";
import { AnswerMeter } from "./answer-meter.ts";
import type { BodyTap } from "./body-tap.ts";
import { Exchange } from "./exchange.ts";
import { type AnswerHead, headOf, isEmpty } from "./http-exchange.ts";
import { Question } from "./question.ts";
import { quietly } from "./quietly.ts";
import { ResponseTap } from "./response-tap.ts";
import { tapBody } from "./tap-body.ts";

/**
 * Meters the answer to a question while its reader reads it.
 *
 * @returns what is to be watched for being forgotten, unless there is nothing to read
 */
export function readAnswer(
	response: Response,
	head: AnswerHead,
	question: Question,
	exchange: Exchange,
	signal: AbortSignal | undefined,
): BodyTap | undefined {
	const { call, endsWith, isStream, leavesByUnlocking } = question;
	// Who reads a whole answer of Node's own hardly ever looks at its body.
	const isLazy = head.isNodes && !isStream;
	// Whatever its type says.
	const body: unknown = isLazy ? undefined : response.body;
	if (isEmpty(head, body)) {
		exchange.failed("invalid_response");
		if (endsWith === "fetch" || endsWith === "answer")
			call.fail(new LlmError("invalid_response", "The answer is empty."));
		return undefined;
	}
	const meter = new AnswerMeter(question, exchange, head.headers.get("content-type"), signal);
	const isTapped =
		(isLazy && ResponseTap.watchNodes(response, meter, leavesByUnlocking)) ||
		tapBody(response, meter, { body, isStream, leavesByUnlocking });
	if (!isTapped) meter.unwatched();
	if (isStream) meter.waits();
	return meter;
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
		const { format, hasController, isStream, leavesByUnlocking, retriesLeft } = question;
		const end = { endsWith: "answer", hasController, leavesByUnlocking, retriesLeft } as const;
		const ending = new Question({ call, format, provider, model, isStream, ...end });
		const tap = readAnswer(response, head, ending, new Exchange(call, provider, model), signal);
		afterwards(() => watchUnread(response, tap));
		isMetered = true;
	});
	// Nobody would end it.
	if (!isMetered) call.succeed();
}

/**
 * The body is gone: if nobody has begun to read it, nobody will. It is what is watched, for one may have let go of the
 * response and hold on to that. What the tap holds does not hold the body.
 */
const unread = new FinalizationRegistry<BodyTap>((tap) => tap.forgotten());

/** Sees that nobody reads an answer. Most are read as soon as they are here: those need no watching, and no timer. */
export function watchUnread(response: Response, tap: BodyTap | undefined): void {
	if (tap === undefined || tap.isOver) return;
	quietly("call", "An answer could not be watched.", () => {
		if (!ResponseTap.watchBody(response)) {
			tap.unwatched();
			return;
		}
		const body: unknown = response.body;
		unread.register(typeof body === "object" && body !== null ? body : response, tap);
		tap.waits();
	});
}
