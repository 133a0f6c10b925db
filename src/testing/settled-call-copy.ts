import type { SettledCall } from "../core/settled-call.ts";

/** Plain data, so that a test can compare it whole; listeners get the call itself, which knows more. */
export function copySettledCall(call: SettledCall): SettledCall {
	return {
		operation: call.operation,
		route: call.route,
		provider: call.provider,
		model: call.model,
		answeredModel: call.answeredModel,
		startedAt: call.startedAt,
		latencyMs: call.latencyMs,
		timeToFirstTokenMs: call.timeToFirstTokenMs,
		timePerOutputTokenMs: call.timePerOutputTokenMs,
		outcome: call.outcome,
		errorType: call.errorType,
		usage: call.usage,
		usageMissing: call.usageMissing,
		costUsd: call.costUsd,
		unpriced: call.unpriced,
		exemplar: call.exemplar,
		attempts: call.attempts,
	};
}
