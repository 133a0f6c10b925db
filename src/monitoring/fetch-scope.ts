import { AsyncLocalStorage } from "node:async_hooks";
import { processSlot } from "../core/process-slot.ts";
import { currentQuestion } from "./current-call.ts";

type Input = string | URL | Request;

/** A request that is counted, from the call of `fetch` until its headers are here. */
interface FetchScope {
	readonly url: string;
	readonly body: unknown;
	readonly question: unknown;
	isOver: boolean;
}

const slot = processSlot<AsyncLocalStorage<FetchScope>>("fetch-scope");
slot.value ??= new AsyncLocalStorage<FetchScope>();
const storage = slot.value;

/** Whether it is Node's own `fetch`, below which no other is: Node has it in its source. */
export function isNodeFetch(fetch: unknown): boolean {
	return (
		typeof fetch === "function" &&
		/\binternal\/deps\/undici\/undici\b/.test(Function.prototype.toString.call(fetch))
	);
}

/** Where a request goes, as `fetch` is told it. What is no URL is refused by `fetch` itself. */
export function urlOf(input: Input): string {
	if (typeof input === "string") return input;
	return isRequest(input) ? input.url : String(input);
}

/** Whether it is a Request, of whatever implementation. */
export function isRequest(input: Input): input is Request {
	return typeof input === "object" && input !== null && "url" in input && typeof input.url === "string";
}

/** Whether the running code works for a request that is counted: what else it asks is no part of that. */
export function isInsideFetch(): boolean {
	const scope = storage.getStore();
	return scope?.isOver === false && scope.question === currentQuestion();
}

/**
 * Whether this very request is already counted, by a `fetch` of ours further out. In between its URL may have been
 * rewritten, or its body: not both, for then it is another one.
 */
export function isInFetch(input: Input, init: RequestInit | undefined): boolean {
	const scope = storage.getStore();
	if (scope === undefined || scope.isOver || scope.question !== currentQuestion()) return false;
	return scope.url === urlOf(input) || (scope.body !== undefined && scope.body === bodyOf(input, init));
}

/** Sends a request, such that no `fetch` of ours further in counts it again. */
export async function runInFetch(
	input: Input,
	init: RequestInit | undefined,
	send: () => Promise<Response>,
): Promise<Response> {
	const scope = { url: urlOf(input), body: bodyOf(input, init), question: currentQuestion(), isOver: false };
	try {
		return await storage.run(scope, send);
	} finally {
		// Whatever it has left running asks for itself.
		scope.isOver = true;
	}
}

function bodyOf(input: Input, init: RequestInit | undefined): unknown {
	return init?.body ?? (isRequest(input) ? input : undefined);
}
