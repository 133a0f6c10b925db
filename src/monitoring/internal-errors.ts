import { HyperAgentError } from "../core/hyperagent-error.ts";
import { processSlot } from "../core/process-slot.ts";
import type { Component } from "../metrics/catalog.ts";
import { installedRecorder } from "../metrics/recorder.ts";

/** Told of what goes wrong inside the observation. It may throw, or reject: nobody will notice. */
export type OnError = (error: HyperAgentError) => unknown;

/** The process's own; without one each component warns once. */
export const errorHandler: { value: OnError | undefined } = processSlot<OnError>("on-error");

const warned = new Set<Component>();
let isTelling = false;

/** Counts a fault of ours, or a value that we refused, and tells `onError`. Never throws. */
export function reportInternalError(component: Component, message: string, cause?: unknown): void {
	try {
		installedRecorder.value?.internalError(component);
		const { value: onError } = errorHandler;
		if (onError === undefined && warned.has(component)) return;
		const code = component === "manual" ? "INVALID_VALUE" : "INTERNAL";
		const error = new HyperAgentError(code, message, { cause });
		if (onError !== undefined) {
			// A handler that records something bad itself would be told of it without end.
			if (isTelling) return;
			isTelling = true;
			try {
				void Promise.resolve(onError(error)).catch(() => undefined);
			} finally {
				isTelling = false;
			}
			return;
		}
		warned.add(component);
		process.emitWarning(`${message} (Told once; hyperagent_internal_errors_total counts on.)`, {
			type: "HyperAgentWarning",
		});
	} catch {
		// There is nobody left to tell.
	}
}
