import { AsyncLocalStorage } from "node:async_hooks";
import { isRecord } from "../wire/is-record.ts";

/** A client, as far as it is asked here. */
interface Asking {
	readonly makeRequest: (...args: never) => unknown;
}

/** Between which clients the running method was carried. */
const carrying = new AsyncLocalStorage<{ readonly from: Asking; readonly to: Asking }>();
/** The clients that methods were carried from. */
const sources = new WeakSet<object>();

/**
 * Gives a client's copy what somebody has set on the client's parts: a tracer's `chat.completions.create`, or a test's.
 * Mostly that is bound to the client. So what such a method of the copy asks the client is asked of the copy; for that the
 * client gets a `makeRequest` of its own, which else does what it did.
 */
export function carryMethods(from: Asking, to: Asking): void {
	if (!carryParts(from, to, from, to) || sources.has(from)) return;
	const { makeRequest } = from;
	const value = (...args: never): unknown => {
		const carried = carrying.getStore();
		return carried?.from === from ? carried.to.makeRequest(...args) : Reflect.apply(makeRequest, from, args);
	};
	if (Reflect.defineProperty(from, "makeRequest", { value, configurable: true, writable: true }))
		sources.add(from);
}

/** Whether a client's own `makeRequest` is ours for that reason, which is nothing to copy. */
export function isCarriedFrom(client: object): boolean {
	return sources.has(client);
}

/** @returns whether there was a method to carry */
function carryParts(part: object, copy: object, from: Asking, to: Asking): boolean {
	let hasCarried = false;
	for (const key of Reflect.ownKeys(part)) {
		const value: unknown = Reflect.getOwnPropertyDescriptor(part, key)?.value;
		if (typeof value === "function") {
			if (part === from || Object.hasOwn(copy, key)) continue;
			const method = new Proxy(value, {
				apply: (target, self, args): unknown =>
					carrying.run({ from, to }, (): unknown => Reflect.apply(target, self, args)),
			});
			Reflect.defineProperty(copy, key, { value: method, configurable: true, writable: true });
			hasCarried = true;
		} else if (isRecord(value) && value["_client"] === from) {
			const own: unknown = Reflect.get(copy, key);
			if (isRecord(own) && own["_client"] === to) hasCarried = carryParts(value, own, from, to) || hasCarried;
		}
	}
	return hasCarried;
}
