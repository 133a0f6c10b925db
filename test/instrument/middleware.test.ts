/** What stands between a question and its requests in Anthropic's client: however many it sends, one question is one call. */
import Anthropic, { type Middleware, betaRefusalFallbackMiddleware } from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, withRoute } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { type Answer, anthropicStream, ReplayServer, status } from "../providers/replay-server.ts";
import { MESSAGE } from "./ask.ts";
import { collect, expectCalls, whole } from "./calls.ts";
import { API_KEY } from "./scripted/client-column.ts";
import { comparable } from "./scripted/outcome.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

function connect(baseURL: string, middleware: readonly Middleware[], more: object = {}): Anthropic {
	const options = { apiKey: API_KEY, baseURL, maxRetries: 0, logLevel: "off" as const };
	return new Anthropic({ ...options, middleware: [...middleware], ...more });
}

const REFUSED = { stop_details: { type: "refusal", category: "cyber", fallback_credit_token: "credit" } };
const FALLBACK = betaRefusalFallbackMiddleware([{ model: "claude-sonnet-4-5" }]);
/** Both are billed, each by its own price: 10 × $1 + 1 × $5, and 10 × $3 + 8 × $15, for a million. */
const BOTH = {
	route: "fallback",
	model: "claude-haiku-4-5",
	answeredModel: "claude-sonnet-4-5",
	outcome: "success",
	usage: { inputUncached: 20, output: 9 },
	usageMissing: undefined,
	costUsd: 0.000_165,
	attempts: 2,
} as const;

function message(model: string, content: object[], reason: string | null, output: number, more = {}): object {
	const usage = { input_tokens: 10, output_tokens: output };
	const fixed = { id: "msg_1", type: "message", role: "assistant", stop_sequence: null };
	return { ...fixed, model, content, stop_reason: reason, usage, ...more };
}

function stream(model: string, reason: string, output: number, more = {}): Answer {
	const events: object[] = [
		{ type: "message_start", message: message(model, [], null, 1) },
		{ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
		{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Yes." } },
		{ type: "content_block_stop", index: 0 },
		{
			type: "message_delta",
			delta: { stop_reason: reason, stop_sequence: null, ...more },
			usage: { output_tokens: output },
		},
		{ type: "message_stop" },
	];
	return anthropicStream(events.map((event) => JSON.stringify(event)));
}

describe("a refusal that the client takes to another model", () => {
	const streams = (): Answer[] => [
		stream("claude-haiku-4-5", "refusal", 1, REFUSED),
		stream("claude-sonnet-4-5", "end_turn", 8),
	];

	test("is one call of two attempts, whose usages add up", async () => {
		const said = [{ type: "text", text: "Yes." }];
		const replies = [
			status(200, message("claude-haiku-4-5", [], "refusal", 1, REFUSED)),
			status(200, message("claude-sonnet-4-5", said, "end_turn", 8)),
		];
		const server = await ReplayServer.start(...replies, ...replies);
		using recorder = installTestRecorder();
		const plain = connect(server.url, [FALLBACK]);
		const seen = await plain.beta.messages.create(MESSAGE);
		const metered = instrument(plain, { route: "fallback" });
		expect(comparable(await metered.beta.messages.create(MESSAGE))).toEqual(comparable(seen));
		expect(server.requests).toHaveLength(4);
		await expectCalls(recorder, BOTH);
	});

	test("the same in a stream, wherever that is read", async () => {
		const server = await ReplayServer.start(...streams(), ...streams());
		using recorder = installTestRecorder();
		const plain = connect(server.url, [FALLBACK]);
		const ask = (client: Anthropic) => client.beta.messages.create({ ...MESSAGE, stream: true });
		const seen = await collect(await ask(plain));
		const answer = await ask(instrument(plain, { route: "fallback" }));
		expect(comparable(await withRoute("elsewhere", () => collect(answer)))).toEqual(comparable(seen));
		await expectCalls(recorder, BOTH);
	});

	test("the same for one request's own middleware", async () => {
		const server = await ReplayServer.start(...streams());
		using recorder = installTestRecorder();
		const client = instrument(connect(server.url, []), { route: "fallback" });
		const own = { middleware: [FALLBACK] };
		await collect(await client.beta.messages.create({ ...MESSAGE, stream: true }, own));
		await expectCalls(recorder, BOTH);
	});

	test("and whose reader leaves in the second answer: aborted, with what was said by then", async () => {
		const server = await ReplayServer.start(...streams());
		using recorder = installTestRecorder();
		const client = instrument(connect(server.url, [FALLBACK]), { route: "fallback" });
		for await (const event of await client.beta.messages.create({ ...MESSAGE, stream: true }))
			if (event.type === "content_block_start" && event.index === 2) break;
		await expectCalls(recorder, {
			...BOTH,
			outcome: "aborted",
			usage: { inputUncached: 20, output: 2 },
			// 10 × $1 + 1 × $5, and 10 × $3 + 1 × $15: what the second answer began with.
			costUsd: 0.000_06,
			usageMissing: "aborted",
		});
	});

	test("and that the other model refuses to serve: one call, and only one answer to pay", async () => {
		const [refused = status(500, {})] = streams();
		const server = await ReplayServer.start(refused, status(404, { error: { type: "not_found_error" } }));
		using recorder = installTestRecorder();
		const client = instrument(connect(server.url, [FALLBACK]), { route: "fallback" });
		await collect(await client.beta.messages.create({ ...MESSAGE, stream: true }));
		await expectCalls(recorder, {
			...BOTH,
			answeredModel: "claude-haiku-4-5",
			usage: { inputUncached: 10, output: 1 },
			costUsd: 0.000_015,
		});
	});
});

describe("a middleware", () => {
	const passes: Middleware = (request, next) => next(request);
	const parses: Middleware = async (request, next, context) => {
		const response = await next(request);
		await context.parse(response);
		return response;
	};
	const rebuilds: Middleware = async (request, next) => {
		const response = await next(request);
		return new Response(response.body, response);
	};

	test.each(Object.entries({ passes, parses, rebuilds }))("that %s an answer", async (_, middleware) => {
		using recorder = installTestRecorder();
		const [complete, streamed] = [
			provider.script("anthropic", "complete"),
			provider.script("anthropic", "stream"),
		];
		const one = instrument(connect(complete.baseURL, [middleware]), { route: "way" });
		await one.messages.create(MESSAGE);
		const other = instrument(connect(streamed.baseURL, [middleware]), { route: "way" });
		await collect(await other.messages.create({ ...MESSAGE, stream: true }));
		await expectCalls(recorder, whole("anthropic", { route: "way" }), whole("anthropic", { route: "way" }));
	});

	test.each(Object.entries({ passes, rebuilds }))(
		"that %s an answer, which its reader leaves",
		async (_, middleware) => {
			using recorder = installTestRecorder();
			const { baseURL } = provider.script("anthropic", "stream");
			const client = instrument(connect(baseURL, [middleware]), { route: "way" });
			for await (const _event of await client.messages.create({ ...MESSAGE, stream: true })) break;
			const controller = new AbortController();
			const answer = await client.messages.create(
				{ ...MESSAGE, stream: true },
				{ signal: controller.signal },
			);
			controller.abort();
			await collect(answer).catch(() => undefined);
			const left = { route: "way", outcome: "aborted", usageMissing: "aborted", attempts: 1 } as const;
			await expectCalls(recorder, left, left);
		},
	);

	test("that drops an answer and asks again: one success, of which not all is known", async () => {
		const server = await ReplayServer.start(
			status(200, message("claude-haiku-4-5", [], "end_turn", 0)),
			status(200, message("claude-haiku-4-5", [{ type: "text", text: "Yes." }], "end_turn", 8)),
		);
		const asksAgain: Middleware = async (request, next) => {
			await (await next(request)).body?.cancel();
			return next(request);
		};
		using recorder = installTestRecorder();
		const client = instrument(connect(server.url, [asksAgain]), { route: "again" });
		await client.messages.create(MESSAGE);
		await expectCalls(recorder, {
			route: "again",
			outcome: "success",
			usage: { inputUncached: 10, output: 8 },
			usageMissing: "not_reported",
			attempts: 2,
		});
	});

	test("that fails after the answer: the call has failed", async () => {
		using recorder = installTestRecorder();
		const fails: Middleware = async (request, next) => {
			await next(request);
			throw new RangeError("mine");
		};
		const { baseURL } = provider.script("anthropic", "complete");
		const client = instrument(connect(baseURL, [fails]), { route: "way" });
		await expect(client.messages.create(MESSAGE)).rejects.toEqual(new RangeError("mine"));
		await expectCalls(recorder, { route: "way", outcome: "error", attempts: 1 });
	});

	test("with which the client retries, as without it", async () => {
		using recorder = installTestRecorder();
		const { baseURL } = provider.script("anthropic", "429-then-success");
		const client = instrument(connect(baseURL, [passes], { maxRetries: 1 }), { route: "way" });
		await client.messages.create(MESSAGE);
		await expectCalls(recorder, whole("anthropic", { route: "way", attempts: 2 }));
		expect(recorder.counter("llm_retries_total")).toBe(1);
		expect(recorder.counter("llm_attempts_total", { result: "rate_limited" })).toBe(1);
	});

	test("with which a refused question fails, as without it", async () => {
		using recorder = installTestRecorder();
		const { baseURL } = provider.script("anthropic", "401");
		const client = instrument(connect(baseURL, [passes]), { route: "way" });
		await expect(client.messages.create(MESSAGE)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
		await expectCalls(recorder, { route: "way", outcome: "error", errorType: "auth_failed", attempts: 1 });
	});
});
