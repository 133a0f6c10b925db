import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { meteredFetch } from "../../src/instrument/index.ts";
import type { LedgerRow } from "../../src/ledger/ledger-row.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { recordRateLimit } from "../../src/monitoring/index.ts";
import {
	CachedBackend,
	InstrumentedBackend,
	type LLMBackend,
	LlmError,
	type TokenUsage,
} from "../../src/providers/index.ts";

/** What would run if it were ever taken for markup. */
export const HOSTILE = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

/** A model that answers at once with that usage, or fails. */
function backend(model: string, usage: TokenUsage | undefined, failure?: LlmError): LLMBackend {
	const spent = usage === undefined ? {} : { usage };
	return {
		infer: async () => {
			if (failure !== undefined) throw failure;
			return { content: "", toolCalls: [], finishReason: "stop", ...spent };
		},
		async *inferStream() {
			yield { type: "text-delta", text: "a" };
			yield { type: "done", finishReason: "stop", ...spent };
		},
		embed: async () => ({ embedding: [] }),
		modelInfo: () => ({ model, provider: "openai" }),
	};
}

/** A single call of $0.025: 1,000 × $10 and 500 × $30 per million tokens, gpt-4-turbo's prices. */
export async function callOnce(route: string): Promise<void> {
	const usage = { inputUncached: 1000, output: 500 };
	await new InstrumentedBackend(backend("gpt-4-turbo", usage), "openai", route).infer([], [], 0);
}

/**
 * Ten calls and what goes with them. By hand: $0.051285, made of 2 × $0.025, of $0.00124 (2,000 × $0.25, 8,000 × $0.03 and
 * 400 × $1.25 per million) and of $0.000045 (100 × $0.15 and 50 × $0.60 per million); 13,575 tokens; two hits and two
 * misses of the cache, which save $0.05; two timeouts and a rate limit.
 */
export async function runWorkload(): Promise<void> {
	const usage = { inputUncached: 1000, output: 500 };
	const chat = new InstrumentedBackend(
		new CachedBackend(backend("gpt-4-turbo", usage), "chat"),
		"openai",
		"chat",
	);
	for (const content of ["a", "a", "b", "a"]) await chat.infer([{ role: "user", content }], [], 0);

	const cached = { inputUncached: 2000, cacheRead: 8000, output: 400 };
	const haiku = backend("claude-3-haiku-20240307", cached);
	for await (const _ of new InstrumentedBackend(haiku, "anthropic", "summarize").inferStream([], [], 0));

	for (const type of ["timeout", "timeout", "rate_limit"] as const) {
		const failing = backend("gpt-4-turbo", undefined, new LlmError(type, type));
		await new InstrumentedBackend(failing, "openai", "chat").infer([], [], 0).catch(() => undefined);
	}
	recordRateLimit("openai", "gpt-4-turbo");

	for (const spent of [{ inputUncached: 10, output: 5 }, undefined]) {
		await new InstrumentedBackend(backend("my-own-model", spent), "local", "batch").infer([], [], 0);
	}
	const hostile = backend(HOSTILE, { inputUncached: 7, output: 3 });
	await new InstrumentedBackend(hostile, "openai", HOSTILE).infer([], [], 0);
	await callOverHttp();
}

/** A call whose provider says what is left of its rate limit. */
async function callOverHttp(): Promise<void> {
	const usage = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };
	const message = { role: "assistant", content: "" };
	const answer = {
		object: "chat.completion",
		choices: [{ index: 0, message, finish_reason: "stop" }],
		usage,
	};
	const server = createServer((request, response) => {
		request.resume();
		response.setHeader("content-type", "application/json");
		response.setHeader("x-ratelimit-remaining-requests", "482");
		response.end(JSON.stringify({ id: "1", model: "gpt-4o-mini", ...answer }));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	try {
		const metered = meteredFetch(fetch, { route: "http", provider: "openai" });
		const body = JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: "" }] });
		const headers = { "content-type": "application/json", connection: "close" };
		const url = `http://127.0.0.1:${port}/v1/chat/completions`;
		await (await metered(url, { method: "POST", headers, body })).json();
	} finally {
		server.close();
	}
}

/** A call that stays under way until the function that comes back is called. */
export function holdCall(route: string): () => Promise<void> {
	const held = Promise.withResolvers<void>();
	const waiting: LLMBackend = {
		...backend("gpt-4-turbo", undefined),
		infer: async () => {
			await held.promise;
			return { content: "", toolCalls: [], finishReason: "stop", usage: { inputUncached: 0, output: 0 } };
		},
	};
	const done = new InstrumentedBackend(waiting, "openai", route).infer([], [], 0);
	return async () => {
		held.resolve();
		await done;
	};
}

/** Puts a call of another process, three hours old and of $2.50, into a ledger's file. */
export async function writeOldCall(path: string): Promise<void> {
	const row: LedgerRow = {
		process: "000000000000aaaaaaaaaa",
		sequence: 1,
		source: "call",
		at: Date.now() - 3 * 3_600_000,
		route: "nightly",
		model: "gpt-4o",
		answeredModel: undefined,
		provider: "azure",
		operation: "chat",
		outcome: "success",
		errorType: undefined,
		usage: { inputUncached: 200_000, output: 200_000 },
		usageMissing: undefined,
		cost: { whole: 2, pico: 500_000_000_000 },
		unpriced: undefined,
		priceSource: "genai-prices",
		pricedModel: "gpt-4o",
		latencyMs: 5000,
		timeToFirstTokenMs: undefined,
		attempts: 1,
		tags: undefined,
	};
	const store = new SqliteStore(path);
	await store.append([row]);
	await store.close();
}

/** The sum of a family's samples in /metrics, or of those that have the label. */
export async function scrapeSum(url: string, family: string, label = ""): Promise<number> {
	const lines = (await (await fetch(`${url}/metrics`)).text()).split("\n");
	return lines
		.filter((line) => line.startsWith(`${family}{`) && line.includes(label))
		.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
