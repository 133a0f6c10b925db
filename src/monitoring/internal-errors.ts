import { HyperAgentError } from "../core/hyperagent-error.ts";
import { processSlot } from "../core/process-slot.ts";
import type { Component } from "../metrics/catalog.ts";
import { installedRecorder } from "../metrics/recorder.ts";

/** Told of what goes wrong inside the observation. It may throw: nobody will notice. */
export type OnError = (error: HyperAgentError) => void;

/** The process's own; without one each component warns once. */
export const errorHandler: { value: OnError | undefined } = processSlot<OnError>("on-error");

const warned = new Set<Component>();

/** Counts a fault of ours, or a value that we refused, and tells `onError`. Never throws. */
export function reportInternalError(component: Component, message: string, cause?: unknown): void {
	try {
		installedRecorder.value?.internalError(component);
		const { value: onError } = errorHandler;
		if (onError === undefined && warned.has(component)) return;
		const code = component === "manual" ? "INVALID_VALUE" : "INTERNAL";
		const error = new HyperAgentError(code, message, { cause });
		if (onError !== undefined) {
			onError(error);
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
