import { AsyncLocalStorage } from "node:async_hooks";
import { processSlot } from "../core/process-slot.ts";

const slot = processSlot<AsyncLocalStorage<string>>("fetch-scope");
slot.value ??= new AsyncLocalStorage<string>();
const storage = slot.value;

/** Where a request goes, as `fetch` is told it. */
export function urlOf(input: string | URL | Request): string {
	if (typeof input === "string") return input;
	return input instanceof URL ? input.href : input.url;
}

/** Whether this very request is already counted, by a `fetch` of ours further out. */
export function isInFetch(input: string | URL | Request): boolean {
	const url = storage.getStore();
	return url !== undefined && url === urlOf(input);
}

/** Sends a request, such that no `fetch` of ours further in counts it again. */
export function runInFetch<T>(input: string | URL | Request, send: () => T): T {
	return storage.run(urlOf(input), send);
}
