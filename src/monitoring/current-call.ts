import { AsyncLocalStorage } from "node:async_hooks";
import { processSlot } from "../core/process-slot.ts";
import type { Call } from "./call.ts";

const slot = processSlot<AsyncLocalStorage<Call | undefined>>("current-call");
slot.value ??= new AsyncLocalStorage<Call | undefined>();
const storage = slot.value;

/** The call that the running code works for, as long as it has not ended. */
export function currentCall(): Call | undefined {
	const call = storage.getStore();
	return call === undefined || call.isSettled ? undefined : call;
}

/** Runs `fn`, and everything asynchronous that it starts, as part of that call. */
export function runInCall<T>(call: Call, fn: () => T): T {
	return storage.run(call, fn);
}
