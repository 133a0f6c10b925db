/** The caller's own context: its AsyncLocalStorage and OpenTelemetry's span are where they would be without us. */
import { AsyncLocalStorage } from "node:async_hooks";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import {
	context,
	type Context,
	type ContextManager,
	ROOT_CONTEXT,
	trace,
	TraceFlags,
} from "@opentelemetry/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { getPrometheus } from "../../src/monitoring/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "./ask.ts";
import { expectCalls, whole } from "./calls.ts";
import type { ApiName } from "./scripted/api-script.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

/** As OpenTelemetry's own for Node does it. */
class Contexts implements ContextManager {
	readonly #storage = new AsyncLocalStorage<Context>();
	active(): Context {
		return this.#storage.getStore() ?? ROOT_CONTEXT;
	}
	with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
		active: Context,
		fn: F,
		self?: ThisParameterType<F>,
		...args: A
	): ReturnType<F> {
		return this.#storage.run(active, () => Reflect.apply(fn, self, args));
	}
	bind<T>(_: Context, target: T): T {
		return target;
	}
	enable(): this {
		return this;
	}
	disable(): this {
		return this;
	}
}

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
	context.setGlobalContextManager(new Contexts());
});
afterAll(async () => {
	context.disable();
	await provider.close();
});

const own = new AsyncLocalStorage<string>();
const SPAN = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

/** Runs something inside a span and a storage of the user's. */
function inContext<T>(fn: () => T, traceFlags: TraceFlags = TraceFlags.SAMPLED): T {
	const span = trace.wrapSpanContext({ ...SPAN, traceFlags });
	return own.run("mine", () => context.with(trace.setSpan(context.active(), span), fn));
}

function seen(): unknown {
	return [own.getStore(), trace.getActiveSpan()?.spanContext().spanId];
}

const INSIDE = ["mine", SPAN.spanId];

interface Client {
	/** What a stream gives, whose events need not be looked at. */
	stream(): Promise<AsyncIterable<unknown>>;
	complete(): Promise<unknown>;
}

const CLIENTS: Readonly<
	Record<string, { api: ApiName; connect: (baseURL: string, send: typeof fetch) => Client }>
> = {
	...Object.fromEntries(
		([5, 6, 7] as const).map((major) => {
			const connect = (baseURL: string, send: typeof fetch): Client => {
				const plain = new MAJORS[major]({ ...openaiOptions(baseURL), fetch: send });
				const client = instrument(plain, { route: "context" });
				return {
					stream: () => client.chat.completions.create({ ...CHAT, stream: true }),
					complete: () => client.chat.completions.create(CHAT),
				};
			};
			return [`openai ${major}`, { api: "openai-chat" as const, connect }];
		}),
	),
	anthropic: {
		api: "anthropic",
		connect: (baseURL, send) => {
			const client = instrument(new Anthropic({ apiKey: "key", baseURL, fetch: send }), { route: "context" });
			return {
				stream: () => client.messages.create({ ...MESSAGE, stream: true }),
				complete: () => client.messages.create(MESSAGE),
			};
		},
	},
	google: {
		api: "gemini",
		connect: (baseUrl, send) => {
			const plain = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl, fetch: send } });
			const { models } = instrument(plain, { route: "context" });
			const ask = { model: REQUESTED_MODEL.gemini, contents: "hello" };
			return {
				stream: () => models.generateContentStream(ask),
				complete: () => models.generateContent(ask),
			};
		},
	},
	fetch: {
		api: "openai-chat",
		connect: (baseURL, send) => {
			const metered = meteredFetch(send, { route: "context" });
			const ask = (body: object): Promise<Response> =>
				metered(`${baseURL}/chat/completions`, { method: "POST", body: JSON.stringify(body) });
			return {
				stream: async () => {
					const { body } = await ask({ ...CHAT, stream: true });
					if (body === null) throw new Error("no body");
					return body;
				},
				complete: async () => (await ask(CHAT)).json(),
			};
		},
	},
};

describe.each(Object.entries(CLIENTS))("%s", (_, { api, connect }) => {
	test("is the same in the user's fetch, between two events and behind them", async () => {
		using recorder = installTestRecorder();
		const { baseURL } = provider.script(api, "stream");
		const inFetch: unknown[] = [];
		const client = connect(baseURL, async (input, init) => {
			inFetch.push(seen());
			const response = await fetch(input, init);
			inFetch.push(seen());
			return response;
		});
		await inContext(async () => {
			for await (const _ of await client.stream()) expect(seen()).toEqual(INSIDE);
			expect(seen()).toEqual(INSIDE);
			await client.complete();
			expect(seen()).toEqual(INSIDE);
		});
		expect(inFetch).toEqual([INSIDE, INSIDE, INSIDE, INSIDE]);
		expect(seen()).toEqual([undefined, undefined]);
		expect(recorder.calls).toHaveLength(2);
	});

	test("what is asked between two events is a call of its own", async () => {
		using recorder = installTestRecorder();
		const client = connect(provider.script(api, "stream").baseURL, fetch);
		let asked = 0;
		for await (const _ of await client.stream()) {
			if (asked === 0) await client.complete();
			asked += 1;
		}
		expect(recorder.calls).toHaveLength(2);
		expect(recorder.calls.filter(({ timeToFirstTokenMs }) => timeToFirstTokenMs === undefined)).toHaveLength(
			1,
		);
		for (const call of recorder.calls) expect(call).toMatchObject({ outcome: "success", attempts: 1 });
	});

	test("the span is the call's, and the exemplar of what it observes", async () => {
		using recorder = installTestRecorder();
		const client = connect(provider.script(api, "complete").baseURL, fetch);
		await inContext(() => client.complete());
		await inContext(() => client.complete(), TraceFlags.NONE);
		await client.complete();
		expect(recorder.calls.map(({ exemplar }) => exemplar)).toEqual([SPAN, undefined, undefined]);
		const { body } = await getPrometheus().scrape({ accept: "application/openmetrics-text" });
		const text = new TextDecoder().decode(body);
		const buckets = text.split("\n").filter((line) => line.startsWith("llm_latency_ms_bucket"));
		expect(buckets.join("\n")).toContain(`# {trace_id="${SPAN.traceId}",span_id="${SPAN.spanId}"}`);
	});
});

test("an event of a stream helper runs in the context in which the helper was asked for", async () => {
	using recorder = installTestRecorder();
	const { baseURL } = provider.script("openai-chat", "stream");
	const client = instrument(new MAJORS[7](openaiOptions(baseURL)), { route: "context" });
	const heard: unknown[] = [];
	let second: Promise<unknown> | undefined;
	await inContext(async () => {
		const runner = client.chat.completions.stream(CHAT);
		runner.on("content", () => {
			heard.push(seen());
			second ??= client.chat.completions.create(CHAT);
		});
		await runner.done();
		await second;
	});
	expect(new Set(heard.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(INSIDE)]));
	await expectCalls(recorder, whole("openai-chat"), whole("openai-chat"));
});
