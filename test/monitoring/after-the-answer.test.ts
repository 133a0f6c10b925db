/** A whole answer is recorded after its caller has it: nobody may be able to tell. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { catchUp } from "../../src/core/afterwards.ts";
import { installedRecorder, Recorder } from "../../src/metrics/recorder.ts";
import {
	CostTracker,
	getPrometheus,
	initPrometheus,
	openLedger,
	recordLlmCost,
	usePrices,
} from "../../src/monitoring/index.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { PriceBook } from "../../src/pricing/price-book.ts";
import { installTestRecorder } from "../../src/testing/index.ts";

const USAGE = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const ANSWER = { model: "gpt-4o-mini-2024-07-18", choices: [{}], usage: USAGE };
const URL = "https://api.openai.com/v1/chat/completions";
/** 1,000 tokens of $0.15 and 100 of $0.60 a million, in cents. */
const CENTS = "0.021";

const fetch = meteredFetch(
	async () => Response.json({ ...ANSWER }, { headers: { "x-ratelimit-remaining-requests": "41" } }),
	{ route: "chat" },
);

async function ask(signal?: AbortSignal): Promise<Response> {
	return fetch(URL, { method: "POST", body: '{"model":"gpt-4o-mini"}', ...(signal && { signal }) });
}

afterEach(() => {
	vi.restoreAllMocks();
	usePrices({});
});

const READS: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
	text: (response) => response.text(),
	json: (response) => response.json(),
	arrayBuffer: (response) => response.arrayBuffer(),
};

describe.each(Object.entries(READS))("read by %s()", (_, read) => {
	test("it is priced after its caller has it, and metrics include it in the caller's next line", async () => {
		using recorder = installTestRecorder();
		const price = vi.spyOn(PriceBook.prototype, "price");
		await read(await ask());
		expect(price).not.toHaveBeenCalled();
		expect(recorder.cost()).toBe(CENTS);
		expect(price).toHaveBeenCalledOnce();
		expect(recorder.calls).toMatchObject([{ outcome: "success", costUsd: 0.00021, attempts: 1 }]);
		await turn();
		expect(recorder.counter("llm_requests_total")).toBe(1);
	});

	test("and so does the text that Prometheus gets", async () => {
		using _recorder = installTestRecorder();
		await read(await ask());
		const text = getPrometheus().render();
		expect(text).toContain(`llm_cost_usd_total{route="chat",model="gpt-4o-mini"} ${CENTS}\n`);
		expect(text).toContain('llm_requests_total{route="chat",model="gpt-4o-mini",outcome="success"} 1\n');
		expect(text).toContain('llm_active_requests{route="chat",model="gpt-4o-mini"} 0\n');
		expect(text).toMatch(/llm_ratelimit_remaining\{[^}]*resource="requests"\} 41\n/);
	});

	test("cost totals include it, at the prices that held when it came", async () => {
		using _recorder = installTestRecorder();
		const costs = new CostTracker();
		await read(await ask());
		usePrices({ models: [{ provider: "openai", model: "gpt-4o-mini", input: 1000, output: 1000 }] });
		expect(costs.totals()).toMatchObject({ costCents: CENTS, inputTokens: 1000, outputTokens: 100 });
		costs.close();
	});

	test("a tracker that is made after it does not have it, one that is closed after it has", async () => {
		using _recorder = installTestRecorder();
		const before = new CostTracker();
		await read(await ask());
		const after = new CostTracker();
		before.close();
		await turn();
		expect([before.totals().costCents, after.totals().costCents]).toEqual([CENTS, "0"]);
		after.close();
	});

	test("what its caller does next changes nothing of it: an abort", async () => {
		using recorder = installTestRecorder();
		const controller = new AbortController();
		await read(await ask(controller.signal));
		controller.abort();
		await turn();
		expect(recorder.calls).toMatchObject([{ outcome: "success", costUsd: 0.00021, errorType: undefined }]);
	});

	test("its time is that of its end, however long the loop is kept busy then", async () => {
		using recorder = installTestRecorder();
		await read(await ask());
		const until = performance.now() + 200;
		while (performance.now() < until);
		expect(recorder.calls[0]?.latencyMs).toBeLessThan(150);
	});

	test("who listens to hyperagent:call is told before its caller has it, inside what that runs in", async () => {
		using _recorder = installTestRecorder();
		const around = new AsyncLocalStorage<string>();
		const heard: unknown[] = [];
		const hear = (): void => {
			heard.push(around.getStore());
		};
		subscribe("hyperagent:call", hear);
		try {
			await around.run("request 7", async () => {
				await read(await ask());
				expect(heard).toEqual(["request 7"]);
			});
		} finally {
			unsubscribe("hyperagent:call", hear);
		}
	});
});

test("an object that was parsed for its caller is read before the caller can change it", async () => {
	using recorder = installTestRecorder();
	const answer: unknown = await (await ask()).json();
	Object.assign(Object(answer), { usage: undefined, model: "another" });
	expect(recorder.calls).toMatchObject([
		{ answeredModel: "gpt-4o-mini-2024-07-18", usage: { inputUncached: 1000, output: 100 } },
	]);
});

test("what is no answer is an error, though its caller went on", async () => {
	using recorder = installTestRecorder();
	const broken = meteredFetch(
		async () => new Response("{", { headers: { "content-type": "application/json" } }),
	);
	const response = await broken(URL, { method: "POST", body: '{"model":"gpt-4o-mini"}' });
	await response.text();
	expect(recorder.counter("llm_errors_total", { error_type: "invalid_response" })).toBe(1);
	expect(recorder.calls).toMatchObject([{ outcome: "error", usageMissing: "not_reported" }]);
});

describe("what ends first comes first", () => {
	/** In one turn: A is answered whole, a cost is recorded by hand, C fails, B is answered whole. */
	async function inTurn(): Promise<void> {
		const failing = meteredFetch(() => Promise.reject(new TypeError("fetch failed")), { route: "C" });
		const named = (route: string): typeof fetch => meteredFetch(async () => Response.json(ANSWER), { route });
		const request = { method: "POST", body: '{"model":"gpt-4o-mini"}' };
		await (await named("A")(URL, request)).text();
		recordLlmCost("manual", "gpt-4o-mini", 0.01);
		await failing(URL, request).catch(() => undefined);
		await (await named("B")(URL, request)).text();
	}

	test("for who is told of it", async () => {
		using recorder = installTestRecorder();
		await inTurn();
		await turn();
		expect(recorder.calls.map(({ route }) => route)).toEqual(["A", "C", "B"]);
	});

	test("for who is told of it, with nothing between the answer and a failure", async () => {
		using recorder = installTestRecorder();
		const failing = meteredFetch(() => Promise.reject(new TypeError("fetch failed")), { route: "C" });
		await (await ask()).text();
		await failing(URL, { method: "POST", body: '{"model":"gpt-4o-mini"}' }).catch(() => undefined);
		await turn();
		expect(recorder.calls.map(({ route }) => route)).toEqual(["chat", "C"]);
	});

	test("and so it is the first that has a place of its own where there are few", async () => {
		using _recorder = installTestRecorder();
		const costs = new CostTracker({ maxPairs: 2 });
		await inTurn();
		expect(costs.byPair().map(({ costCents, route }) => [route, costCents])).toEqual([
			["A", CENTS],
			["other", "1.021"],
		]);
		costs.close();
	});

	test("a subscriber that comes after an answer does not hear of it, and nothing overtakes it", async () => {
		using recorder = installTestRecorder();
		const heard: unknown[] = [];
		const hear = (message: unknown): void => {
			heard.push(message);
		};
		await (await ask()).text();
		subscribe("hyperagent:call", hear);
		try {
			const second = meteredFetch(async () => Response.json(ANSWER), { route: "second" });
			await (await second(URL, { method: "POST", body: '{"model":"gpt-4o-mini"}' })).text();
			await turn();
		} finally {
			unsubscribe("hyperagent:call", hear);
		}
		expect(heard).toMatchObject([{ route: "second" }]);
		expect(recorder.calls.map(({ route }) => route)).toEqual(["chat", "second"]);
	});

	test("what ended before initPrometheus() is not counted by it", async () => {
		using _recorder = installTestRecorder();
		// A test recorder on top of nothing: what the program installs is another.
		const { value } = installedRecorder;
		installedRecorder.value = undefined;
		await (await ask()).text();
		const handle = initPrometheus();
		await turn();
		installedRecorder.value = value;
		expect(handle.snapshot()["llm_requests_total"] ?? []).toEqual([]);
	});
});

test("headers that their holder can change are read before that", async () => {
	using recorder = installTestRecorder();
	const response = await ask();
	response.headers.delete("x-ratelimit-remaining-requests");
	await response.text();
	expect(recorder.gauge("llm_ratelimit_remaining", { resource: "requests" })).toBe(41);
});

test("a ledger's waiting rows are those of all calls that have ended", async () => {
	using _recorder = installTestRecorder();
	const folder = mkdtempSync(join(tmpdir(), "hyperagent-"));
	const ledger = openLedger({ path: join(folder, "costs.db") });
	await (await ask()).text();
	expect(ledger.state.pendingRows).toBe(1);
	await ledger.close();
	rmSync(folder, { recursive: true });
});

test("what was asked for as a stream and came as a list has its first token", async () => {
	using recorder = installTestRecorder();
	const candidates = [{ content: { role: "model", parts: [{ text: "Hi" }] }, finishReason: "STOP" }];
	const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 12 };
	const list = [{ candidates, usageMetadata, modelVersion: "gemini-2.5-flash" }];
	const gemini = meteredFetch(async () => Response.json(list), { route: "chat" });
	const url =
		"https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent";
	await (await gemini(url, { method: "POST", body: "{}" })).text();
	expect(recorder.calls).toMatchObject([{ outcome: "success", usage: { inputUncached: 9, output: 3 } }]);
	expect(recorder.calls[0]?.timeToFirstTokenMs).toBeGreaterThan(0);
	expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(1);
});

test("of two answers in one turn the later one says what is left", async () => {
	using recorder = installTestRecorder();
	const left = (count: number): Response =>
		Response.json(ANSWER, { headers: { "x-ratelimit-remaining-requests": String(count) } });
	// As it comes from Node's own fetch: nobody can change its headers.
	const fromNet = Object.defineProperty(left(10), "type", { value: "basic" });
	const answers = [fromNet, left(9)];
	const both = meteredFetch(async () => answers.shift() ?? left(0), { route: "chat" });
	const request = { method: "POST", body: '{"model":"gpt-4o-mini"}' };
	await both(URL, request);
	await both(URL, request);
	expect(recorder.gauge("llm_ratelimit_remaining", { resource: "requests" })).toBe(9);
});

describe("an attempt that was answered has its place before what comes after it", () => {
	const fromNet = (): Response =>
		// As it comes from Node's own fetch: nobody can change its headers.
		Object.defineProperty(Response.json(ANSWER), "type", { value: "basic" });
	const post = (model: string): RequestInit => ({ method: "POST", body: JSON.stringify({ model }) });

	test.each<readonly [string, (send: typeof fetch) => Promise<unknown>]>([
		["a failure", (send) => send(URL, post("later")).catch(() => undefined)],
		[
			"a request that is not metered",
			(send) => send("https://api.openai.com/v1/audio/speech", post("later")),
		],
	])("%s", async (_, after) => {
		// Room for one target, for what else its provider is asked, and for all others.
		const before = installedRecorder.value;
		const recorder = new Recorder({ bounds: { targets: 3 } });
		installedRecorder.value = recorder;
		const answers: (() => Response)[] = [fromNet];
		const send = meteredFetch(
			async (input) => {
				const answer = answers.shift();
				if (answer !== undefined) return answer();
				if (input !== URL) return new Response("");
				throw new TypeError("fetch failed");
			},
			{ route: "chat" },
		);
		await send(URL, post("first"));
		await after(send);
		catchUp();
		installedRecorder.value = before;
		const other = recorder.target("openai", "other");
		expect(recorder.target("openai", "first")).not.toBe(other);
		expect(recorder.target("openai", "later")).toBe(other);
	});
});
