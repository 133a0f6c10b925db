import { installedRecorder } from "../metrics/recorder.ts";
import { reportInternalError } from "./internal-errors.ts";
import { isLabel, refuse } from "./manual-values.ts";

/**
 * Counts a call as under way. Pair it with {@link decActiveRequests}, or take {@link withActiveRequest}.
 *
 * @example
 * ```ts
 * import { decActiveRequests, incActiveRequests, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * incActiveRequests("custom_route", "gpt-4-turbo");
 * console.log(prometheus.render().includes('llm_active_requests{route="custom_route",model="gpt-4-turbo"} 1')); // true
 * decActiveRequests("custom_route", "gpt-4-turbo");
 * ```
 */
export function incActiveRequests(route: string, model: string): void {
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (isLabel(route) && isLabel(model)) recorder.activeUp(recorder.pair(route, model));
	else refuse("incActiveRequests(route, model)");
}

/**
 * Ends what {@link incActiveRequests} began. One too many is refused: the gauge is never negative.
 *
 * @example
 * ```ts
 * import { decActiveRequests, incActiveRequests, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * incActiveRequests("custom_route", "gpt-4-turbo");
 * decActiveRequests("custom_route", "gpt-4-turbo");
 * console.log(prometheus.render().includes('llm_active_requests{route="custom_route",model="gpt-4-turbo"} 0')); // true
 * ```
 */
export function decActiveRequests(route: string, model: string): void {
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (!isLabel(route) || !isLabel(model)) refuse("decActiveRequests(route, model)");
	else if (!recorder.activeDown(recorder.pair(route, model))) {
		reportInternalError("manual", "decActiveRequests(route, model) without an incActiveRequests before it.");
	}
}

/**
 * Runs `fn` and counts it as under way until it returns, throws, or its promise settles. The answer is `fn`'s own.
 *
 * @example
 * ```ts
 * import { initPrometheus, withActiveRequest } from "@hyperagent/observe/monitoring";
 *
 * initPrometheus();
 * const answer = await withActiveRequest("custom_route", "gpt-4-turbo", async () => 42);
 * console.log(answer); // 42
 * ```
 */
export function withActiveRequest<T>(route: string, model: string, fn: () => T): T;
export function withActiveRequest<T>(
	route: string,
	model: string,
	fn: () => T | PromiseLike<T>,
): T | PromiseLike<T> {
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return fn();
	if (!isLabel(route) || !isLabel(model)) {
		refuse("withActiveRequest(route, model, fn)");
		return fn();
	}
	const pair = recorder.pair(route, model);
	recorder.activeUp(pair);
	let isDone = false;
	const done = (): void => {
		if (!isDone) recorder.activeDown(pair);
		isDone = true;
	};
	try {
		return watchEnd(fn(), done);
	} catch (error) {
		done();
		throw error;
	}
}

/** Calls `done` when what `fn` returned has come to its end; the caller gets that very thing. */
function watchEnd<T>(result: T | PromiseLike<T>, done: () => void): T | PromiseLike<T> {
	if (result instanceof Promise && result.then === Promise.prototype.then) {
		// A look from the side: the caller gets its own promise, with its own rejection to handle.
		result.then(done, done);
	} else if (isThenable(result)) {
		for (const name of ASKING) watchMethod(result, name, done);
	} else {
		done();
	}
	return result;
}

/**
 * How the caller may ask a promise of a class of its own, such as the SDKs' APIPromise. Asking it ourselves would read
 * the answer's body, which can be read once; query builders would even run their query.
 */
const ASKING = ["then", "catch", "finally", "asResponse", "withResponse"] as const;

function watchMethod(result: object, name: (typeof ASKING)[number], done: () => void): void {
	// Not every thenable has each of them.
	const original: unknown = Reflect.get(result, name);
	if (typeof original !== "function") return;
	const watched = (...args: unknown[]): unknown => {
		const answer: unknown = Reflect.apply(original, result, name === "then" ? before(args, done) : args);
		if (answer instanceof Promise) void Promise.prototype.then.call(answer, done, done);
		return answer;
	};
	Reflect.defineProperty(result, name, { value: watched, configurable: true, writable: true });
}

/** The two functions that `then` takes, with `done` ahead of them: who awaits sees that it is done. */
function before([resolved, rejected]: readonly unknown[], done: () => void): readonly unknown[] {
	const first = (then: unknown): unknown =>
		typeof then !== "function"
			? then
			: (value: unknown): unknown => {
					done();
					return Reflect.apply(then, undefined, [value]);
				};
	return [first(resolved), first(rejected)];
}

function isThenable(value: unknown): value is PromiseLike<unknown> & object {
	const canHaveThen = (typeof value === "object" && value !== null) || typeof value === "function";
	try {
		return canHaveThen && "then" in value && typeof value.then === "function";
	} catch {
		// A getter that throws: whoever awaits this will hear of it.
		return false;
	}
}
