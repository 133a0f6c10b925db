/**
 * The guide's manual metrics: for calls that go through nothing of ours.
 *
 *   npm run build
 *   npx node examples/manual-metrics.ts
 */
import {
	decActiveRequests,
	incActiveRequests,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
	withActiveRequest,
} from "@hyperagent/observe/monitoring";

const prometheus = initPrometheus();

// Token usage: input, output
recordLlmTokens("custom_route", "gpt-4-turbo", 150, 50);

// Cost in dollars; llm_cost_usd_total counts cents, in full precision: 0.25
recordLlmCost("custom_route", "gpt-4-turbo", 0.0025);

// Latency in milliseconds
recordLlmLatency("custom_route", "gpt-4-turbo", 1250);

// Your own cache of answers
incCacheHit("custom_route");
incCacheMiss("custom_route");

// A rate limit, by provider and model
recordRateLimit("openai", "gpt-4-turbo");

// An error, by one of the guide's types
recordLlmError("custom_route", "gpt-4-turbo", "timeout");

// Active requests: always pair inc and dec …
incActiveRequests("custom_route", "gpt-4-turbo");
try {
	await work();
} finally {
	decActiveRequests("custom_route", "gpt-4-turbo");
}

// … or have them paired
await withActiveRequest("custom_route", "gpt-4-turbo", work);

console.log(prometheus.render());

async function work(): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, 10));
}
