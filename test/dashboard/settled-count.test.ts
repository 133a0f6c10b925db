import { expect, test } from "vitest";
import { SettledCount } from "../../src/dashboard/settled-count.ts";
import {
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordRateLimit,
} from "../../src/monitoring/index.ts";

test("whatever the page has news of is counted, by hand as well", () => {
	initPrometheus();
	const count = new SettledCount();
	count.start();
	recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	recordLlmError("chat", "gpt-4-turbo", "timeout");
	recordLlmLatency("chat", "gpt-4-turbo", 100);
	recordRateLimit("openai", "gpt-4-turbo");
	incCacheMiss("chat");
	expect(count.value).toBe(5);
	count.stop();
	recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	expect(count.value).toBe(5);
});
