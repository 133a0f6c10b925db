import { AsyncLocalStorage } from "node:async_hooks";
import { processSlot } from "../core/process-slot.ts";
import type { Call } from "./call.ts";
import type { Question } from "./question.ts";

/** What code runs for. One storage holds both: entering one copies all that the running code has in any. */
interface Work {
	readonly call: Call;
	readonly question: Question | undefined;
}

const slot = processSlot<AsyncLocalStorage<Work>>("current-work");
slot.value ??= new AsyncLocalStorage<Work>();
const storage = slot.value;

/** The call that the running code works for, as long as it has not ended. */
export function currentCall(): Call | undefined {
	const call = storage.getStore()?.call;
	return call === undefined || call.isSettled ? undefined : call;
}

/** Runs `fn`, and everything asynchronous that it starts, as part of that call. */
export function runInCall<T>(call: Call, fn: () => T): T {
	return storage.run({ call, question: storage.getStore()?.question }, fn);
}

/** What an instrumented client is asking in the running code. */
export function currentQuestion(): Question | undefined {
	const question = storage.getStore()?.question;
	return question === undefined || question.call.isSettled ? undefined : question;
}

/** Runs `fn`, and everything asynchronous that it starts, as the asking of this question. */
export function runInQuestion<T>(question: Question, fn: () => T): T {
	return storage.run({ call: question.call, question }, fn);
}
