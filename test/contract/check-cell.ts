import { expect } from "vitest";
import { ERROR_TYPES } from "../../src/core/llm-error.ts";
import { getPrometheus } from "../../src/monitoring/index.ts";
import type { TestRecorder } from "../../src/testing/index.ts";
import type { ApiName } from "../instrument/scripted/api-script.ts";
import { API_KEY, PROMPT } from "../instrument/scripted/client-column.ts";
import type { Expected } from "./conformance-expectations.ts";
import {
	expectedCostUsd,
	expectedCostUsdMidStream,
	expectedRemaining,
	expectedUsage,
	expectedUsageMidStream,
	type ExpectedUsage,
	REQUESTED_MODEL,
} from "../instrument/scripted/expected.ts";

const ROUTE = "matrix";
const NOTHING: ExpectedUsage = {
	input: 0,
	output: 0,
	cacheRead: 0,
	cacheWrite: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	reasoning: 0,
	inputUncached: 0,
};

/** Every metric of a call has exactly the value that the cell must have; nothing else was counted, or said. */
export function checkCell(recorder: TestRecorder, api: ApiName, provider: string, expected: Expected): void {
	const model = REQUESTED_MODEL[api];
	const { attempts, calls = 1, failedBefore = 0, missing, outcome, retries = 0 } = expected;
	const usage =
		(expected.usage === "whole"
			? expectedUsage[api]
			: expected.usage === "mid"
				? expectedUsageMidStream[api]
				: undefined) ?? NOTHING;
	const usd =
		expected.usage === "whole"
			? expectedCostUsd[api]
			: expected.usage === "mid"
				? expectedCostUsdMidStream[api]
				: 0;
	const firstTokens = expected.firstToken === true ? calls : 0;
	const count = (name: string, labels: Record<string, string> = {}): number => recorder.counter(name, labels);
	const pair = { route: ROUTE, model };
	const target = { provider, model };
	const counted = {
		requests: Object.fromEntries(
			["success", "error", "aborted", "abandoned"].map((name) => [
				name,
				count("llm_requests_total", { ...pair, outcome: name }),
			]),
		),
		errors: Object.fromEntries(
			ERROR_TYPES.map((type) => [type, count("llm_errors_total", { ...pair, error_type: type })]).filter(
				([, value]) => value !== 0,
			),
		),
		latencies: recorder.histogram("llm_latency_ms", pair).count,
		input: count("llm_tokens_input_total", pair),
		output: count("llm_tokens_output_total", pair),
		total: count("llm_tokens_total", pair),
		cacheRead: count("llm_tokens_cache_read_total", pair),
		cacheWrite: count("llm_tokens_cache_write_total", pair),
		reasoning: count("llm_tokens_reasoning_total", pair),
		cents: recorder.cost(pair),
		missing: Object.fromEntries(
			["aborted", "not_reported", "parse_error"].map((reason) => [
				reason,
				count("llm_usage_missing_total", { ...pair, reason }),
			]),
		),
		unpriced: count("llm_unpriced_requests_total"),
		estimated: count("llm_tokens_estimated_total"),
		firstTokens: recorder.histogram("llm_time_to_first_token_ms", pair).count,
		attempts: Object.fromEntries(
			["success", "rate_limited", "error", "aborted"].map((result) => [
				result,
				count("llm_attempts_total", { ...target, result }),
			]),
		),
		retries: count("llm_retries_total", target),
		rateLimited: count("llm_rate_limited_total", target),
		active: recorder.gauge("llm_active_requests"),
		internalErrors: count("hyperagent_internal_errors_total"),
		allRequests: count("llm_requests_total"),
		allAttempts: count("llm_attempts_total"),
	};
	const times = (value: number | undefined): number => (value ?? 0) * calls;
	const sumOfAttempts = Object.values(attempts).reduce((sum, value) => sum + value, 0);
	expect(counted).toEqual({
		requests: {
			success: 0,
			aborted: 0,
			abandoned: 0,
			error: failedBefore,
			...(outcome === "error" ? { error: calls } : { [outcome]: calls }),
		},
		errors: {
			...(failedBefore > 0 ? { rate_limit: failedBefore } : undefined),
			...(expected.errorType === undefined ? undefined : { [expected.errorType]: calls }),
		},
		latencies: calls + failedBefore,
		input: times(usage.input),
		output: times(usage.output),
		total: times(usage.input + usage.output),
		cacheRead: times(usage.cacheRead),
		cacheWrite: times(usage.cacheWrite),
		reasoning: times(usage.reasoning),
		// Cents, exactly: a millionth of a cent is the finest that these prices give.
		cents: String(Math.round(usd * calls * 1e8) / 1e6),
		missing: {
			aborted: 0,
			not_reported: 0,
			parse_error: 0,
			...(missing === undefined ? undefined : { [missing]: calls }),
		},
		unpriced: 0,
		estimated: 0,
		firstTokens,
		attempts: { success: 0, rate_limited: 0, error: 0, aborted: 0, ...attempts },
		retries,
		rateLimited: attempts.rate_limited ?? 0,
		active: 0,
		internalErrors: 0,
		allRequests: calls + failedBefore,
		allAttempts: sumOfAttempts,
	});
	const { answered, refused } = expectedRemaining[api];
	const remaining =
		attempts.success !== undefined ? answered : attempts.rate_limited !== undefined ? refused : {};
	for (const [resource, value] of Object.entries(remaining)) {
		expect(recorder.gauge("llm_ratelimit_remaining", { ...target, resource }), resource).toBe(value);
	}
	const said = getPrometheus()?.render() ?? "";
	for (const secret of [PROMPT, API_KEY, "planted", "東京", "Orléans"]) expect(said).not.toContain(secret);
	expect(JSON.stringify(recorder.calls)).not.toMatch(/planted|東京|Orléans/);
}
