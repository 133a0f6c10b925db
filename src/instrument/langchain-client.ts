import { currentCall, runInCall } from "../monitoring/current-call.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import type { Labels } from "./langchain-meter.ts";
import { instrumentStainless, isStainlessClient } from "./stainless.ts";

/**
 * The SDK client of a model, such that its requests tell the call under way of themselves. What is no client of that kind
 * stays as it is.
 */
export function meteredClient(client: object, labels: Labels): object {
	if (!isStainlessClient(client)) return client;
	try {
		return instrumentStainless(client, labels);
	} catch (cause) {
		// One that takes no other fetch, since it shows a certificate for example.
		reportInternalError(
			"call",
			"A chat model's client cannot be metered, so its requests are not seen.",
			cause,
		);
		return client;
	}
}

/**
 * LangChain's `AsyncCaller`, such that what waits in its queue for its turn runs in its own call: the queue starts it
 * from where the task before it has ended.
 */
export function boundCaller(caller: object): object {
	return new Proxy(caller, {
		get(target, key): unknown {
			const method: unknown = Reflect.get(target, key, target);
			const at = key === "call" ? 0 : key === "callWithOptions" ? 1 : -1;
			if (at < 0 || typeof method !== "function") return method;
			return (...args: readonly unknown[]): unknown =>
				Reflect.apply(
					method,
					target,
					args.map((arg, index) => (index === at ? bound(arg) : arg)),
				);
		},
	});
}

function bound(task: unknown): unknown {
	const call = currentCall();
	if (call === undefined || typeof task !== "function") return task;
	return (...args: readonly unknown[]): unknown =>
		runInCall(call, (): unknown => Reflect.apply(task, undefined, args));
}
