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
 * Runs `fn` and counts it as under way until it returns, throws, or its promise settles.
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

/**
 * Calls `done` when what `fn` returned has come to its end. A plain promise comes back as one that settles with it, so that
 * a rejection nobody handles is still one; of anything else the caller gets that very thing.
 */
function watchEnd<T>(result: T | PromiseLike<T>, done: () => void): T | PromiseLike<T> {
	if (result instanceof Promise && result.then === Promise.prototype.then) return settling(result, done);
	const isWatched = isThenable(result) && ASKING.filter((name) => watchMethod(result, name, done)).length > 0;
	if (!isWatched) done();
	// Nobody may ever ask it.
	else if (typeof result === "object") unasked.register(result, done);
	return result;
}

const unasked = new FinalizationRegistry<() => void>((done) => done());

/** The same promise, but `done` comes first. */
function settling<T>(promise: Promise<T>, done: () => void): Promise<T> {
	const settled = Promise.prototype.then.call(
		promise,
		(value: unknown) => {
			done();
			return value;
		},
		(error: unknown) => {
			done();
			throw error;
		},
	);
	// It fulfils with what the promise does, which the types of `call` do not tell.
	return settled as Promise<T>;
}

/**
 * How the caller may ask a promise of a class of its own, such as the SDKs' APIPromise. Asking it ourselves would read
 * the answer's body, which can be read once; query builders would even run their query.
 */
const ASKING = ["then", "catch", "finally", "asResponse", "withResponse"] as const;

/** The answer is whether it can be watched; not every thenable has each method, and some are frozen. */
function watchMethod(result: object, name: (typeof ASKING)[number], done: () => void): boolean {
	try {
		const original: unknown = Reflect.get(result, name);
		if (typeof original !== "function") return false;
		const watched = (...args: unknown[]): unknown => {
			const answer: unknown = Reflect.apply(original, result, name === "then" ? before(args, done) : args);
			return answer instanceof Promise ? settling(answer, done) : answer;
		};
		return Reflect.defineProperty(result, name, { value: watched, configurable: true, writable: true });
	} catch {
		// A proxy that throws for what it does not know.
		return false;
	}
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
