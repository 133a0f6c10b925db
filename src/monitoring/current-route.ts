import { AsyncLocalStorage } from "node:async_hooks";
import { processSlot } from "../core/process-slot.ts";

const slot = processSlot<AsyncLocalStorage<string>>("current-route");
slot.value ??= new AsyncLocalStorage<string>();
const storage = slot.value;

/** The route that {@link withRoute} has named around the running code. */
export function currentRoute(): string | undefined {
	return storage.getStore();
}

/**
 * Runs `fn`, and everything asynchronous that it starts, under a route: calls of instrumented clients in it count there,
 * unless they name one themselves. The innermost `withRoute` wins.
 *
 * @param route a fixed name for this use ("summarize"), never anything of a user's
 *
 * @example
 * ```ts
 * import { withRoute } from "@hyperagent/observe/instrument";
 *
 * const answer = await withRoute("summarize", async () => "a call of an instrumented client, for instance");
 * console.log(answer.length); // 46
 * ```
 */
export function withRoute<T>(route: string, fn: () => T): T {
	// What is no label changes nothing.
	return typeof route === "string" && route !== "" ? storage.run(route, fn) : fn();
}
