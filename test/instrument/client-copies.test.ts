/** What `instrument()` makes of a client: one of the same class and state, metered once however often it is wrapped. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "./ask.ts";
import { collect, expectCalls, whole } from "./calls.ts";
import type { ScenarioName } from "./scripted/scenarios.ts";
import { type Run, ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

function script(scenario: ScenarioName = "complete"): Run {
	return provider.script("openai-chat", scenario);
}

async function ask(client: OpenAI): Promise<void> {
	await client.chat.completions.create(CHAT);
}

describe.each([5, 6, 7] as const)("openai %i", (major) => {
	const plain = (run: Run, more = {}): OpenAI =>
		new MAJORS[major]({ ...openaiOptions(run.baseURL), ...more });

	test("two routes from one client; the client that was given is not metered", async () => {
		using recorder = installTestRecorder();
		const client = plain(script());
		const one = instrument(client, { route: "one" });
		const other = instrument(client, { route: "other" });
		await ask(one);
		await ask(client);
		await ask(other);
		await expectCalls(
			recorder,
			whole("openai-chat", { route: "one" }),
			whole("openai-chat", { route: "other" }),
		);
		expect(one).not.toBe(client);
		expect(one).toBeInstanceOf(MAJORS[major]);
		expect(one.baseURL).toBe(client.baseURL);
		expect(Object.keys(one).toSorted()).toEqual(Object.keys(client).toSorted());
	});

	test("what is instrumented twice counts once, under the last route", async () => {
		using recorder = installTestRecorder();
		const client = instrument(plain(script("stream")), { route: "inner" });
		const outer = instrument(instrument(client, { route: "middle" }), { route: "outer" });
		await collect(await outer.chat.completions.create({ ...CHAT, stream: true }));
		await expectCalls(recorder, whole("openai-chat", { route: "outer" }));
	});

	test("withOptions() of it is metered once, and so is what is made of that", async () => {
		using recorder = installTestRecorder();
		const client = instrument(plain(script()), { route: "way" });
		const slow = client.withOptions({ timeout: 12_345 });
		expect(slow.timeout).toBe(12_345);
		expect(slow).toBeInstanceOf(MAJORS[major]);
		await ask(slow);
		await ask(slow.withOptions({ maxRetries: 1 }));
		await ask(instrument(slow, { route: "again" }));
		await ask(instrument(slow.withOptions({}), { route: "again" }).withOptions({}));
		await ask(client);
		await expectCalls(
			recorder,
			...["way", "way", "again", "again", "way"].map((route) => whole("openai-chat", { route })),
		);
	});

	test("withOptions() keeps its own limit of time", async () => {
		using recorder = installTestRecorder();
		const client = instrument(plain(script("hold-headers")), { route: "way" }).withOptions({ timeout: 60 });
		await expect(ask(client)).rejects.toBeInstanceOf(MAJORS[major].APIConnectionTimeoutError);
		await expectCalls(recorder, { route: "way", outcome: "error", errorType: "timeout", attempts: 1 });
	});

	test("the user's own fetch sends, with the same arguments", async () => {
		using recorder = installTestRecorder();
		const seen: unknown[] = [];
		const own: typeof fetch = (input, init) => {
			seen.push({
				input,
				method: init?.method,
				body: init?.body,
				key: new Headers(init?.headers).get("authorization"),
			});
			return fetch(input, init);
		};
		const client = plain(script(), { fetch: own });
		await ask(client);
		await ask(instrument(client, { route: "way" }));
		await ask(instrument(client, { route: "way" }).withOptions({}));
		expect(seen).toHaveLength(3);
		expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
		await expectCalls(
			recorder,
			whole("openai-chat", { route: "way" }),
			whole("openai-chat", { route: "way" }),
		);
	});

	test("meteredFetch() below it adds nothing", async () => {
		using recorder = installTestRecorder();
		const own = meteredFetch(fetch, { route: "below", provider: "below" });
		const client = instrument(plain(script("stream"), { fetch: own }), { route: "above" });
		await collect(await client.chat.completions.create({ ...CHAT, stream: true }));
		await ask(client);
		await expectCalls(
			recorder,
			whole("openai-chat", { route: "above" }),
			whole("openai-chat", { route: "above" }),
		);
	});

	test("a frozen question stays as it is, and may be asked again", async () => {
		using recorder = installTestRecorder();
		const run = script("stream");
		const client = instrument(plain(run), { route: "way" });
		const [message] = CHAT.messages;
		const messages = [Object.freeze({ role: "user" as const, content: message?.content ?? "" })];
		Object.freeze(messages);
		const options = Object.freeze({ include_obfuscation: false });
		const body = Object.freeze({ ...CHAT, messages, stream: true as const, stream_options: options });
		const before = JSON.stringify(body);
		for (let i = 0; i < 2; i += 1) await collect(await client.chat.completions.create(body));
		expect(JSON.stringify(body)).toBe(before);
		for (const request of run.seen.requests) {
			expect(request.body["stream_options"]).toEqual({ include_obfuscation: false, include_usage: true });
		}
		await expectCalls(recorder, whole("openai-chat"), whole("openai-chat"));
	});

	test("the same options, sent twice by client.request()", async () => {
		using recorder = installTestRecorder();
		const client = instrument(plain(script()), { route: "way" });
		const options = { method: "post" as const, path: "/chat/completions", body: CHAT };
		await Promise.all([client.request(options), client.request(options)]);
		await client.request(options);
		expect(options).toEqual({ method: "post", path: "/chat/completions", body: CHAT });
		await expectCalls(recorder, whole("openai-chat"), whole("openai-chat"), whole("openai-chat"));
	});
});

describe("a class of the user's own", () => {
	class Tenant extends OpenAI {
		readonly tenant: string;
		calls = 0;
		constructor(tenant: string, baseURL: string) {
			super({ ...openaiOptions(baseURL), defaultHeaders: { "x-tenant": tenant } });
			this.tenant = tenant;
		}
		async ask(): Promise<string> {
			this.calls += 1;
			await ask(this);
			return this.tenant;
		}
	}

	class Logging extends OpenAI {
		readonly log: string[] = [];
		protected override async prepareOptions(): Promise<void> {
			this.log.push("asked");
		}
	}

	test("keeps its state, also where its constructor takes other arguments", async () => {
		using recorder = installTestRecorder();
		const run = script();
		const client = new Tenant("acme", run.baseURL);
		client.calls = 7;
		const metered = instrument(client, { route: "tenant" });
		expect(metered).toBeInstanceOf(Tenant);
		expect(await metered.ask()).toBe("acme");
		expect([client.calls, metered.calls]).toEqual([7, 8]);
		const again = instrument(metered, { route: "again" });
		expect(await again.ask()).toBe("acme");
		expect([client.calls, metered.calls, again.calls]).toEqual([7, 8, 9]);
		await expectCalls(
			recorder,
			whole("openai-chat", { route: "tenant" }),
			whole("openai-chat", { route: "again" }),
		);
	});

	test("keeps its hooks, and what was put on it", async () => {
		using recorder = installTestRecorder();
		const client = Object.assign(new Logging(openaiOptions(script().baseURL)), { nickname: "mine" });
		const metered = instrument(client, { route: "hooks" });
		await ask(metered);
		expect(metered.log).toEqual(["asked"]);
		expect(metered.nickname).toBe("mine");
		await expectCalls(recorder, whole("openai-chat", { route: "hooks" }));
	});

	test("that cannot be made again is refused", () => {
		class Single extends OpenAI {
			static made = false;
			constructor() {
				super(openaiOptions("http://127.0.0.1:9/v1"));
				if (Single.made) throw new Error("only one");
				Single.made = true;
			}
		}
		expect(() => instrument(new Single(), { route: "single" })).toThrow(
			expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("meteredFetch()") }),
		);
	});
});

test("Anthropic's client is copied in the same way", async () => {
	using recorder = installTestRecorder();
	const run = provider.script("anthropic", "complete");
	const client = new Anthropic({ apiKey: "key", baseURL: run.baseURL, maxRetries: 0 });
	const metered = instrument(client, { route: "one" });
	await metered.messages.create(MESSAGE);
	await metered.withOptions({ timeout: 1000 }).messages.create(MESSAGE);
	await instrument(metered.withOptions({}), { route: "other" }).messages.create(MESSAGE);
	await client.messages.create(MESSAGE);
	await expectCalls(recorder, ...["one", "one", "other"].map((route) => whole("anthropic", { route })));
});
