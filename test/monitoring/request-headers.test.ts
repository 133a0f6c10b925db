/** The route of one request is a header of it, in whatever form the headers come, and is not sent. */
import { describe, expect, test } from "vitest";
import { withRoute } from "../../src/monitoring/current-route.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";

const CHAT = "https://llm.example/v1/chat/completions";
const BODY = '{"model":"m"}';
const NAME = "X-HyperAgent-Route";
const OTHERS = { "content-type": "application/json", "x-other": "é1" };
const PAIRS: [string, string][] = [...Object.entries(OTHERS), [NAME, " own "]];

/** Sends nothing; the answer is what was to be sent, and under which route it counts. */
async function sent(
	input: string | URL | Request,
	init: RequestInit | undefined,
): Promise<{ headers: Record<string, string>; given: RequestInit | undefined; route: string | undefined }> {
	using recorder = installTestRecorder();
	let headers: Record<string, string> = {};
	let given: RequestInit | undefined;
	const send: typeof fetch = async (...args) => {
		headers = Object.fromEntries(new Request(...args).headers);
		given = args[1];
		return Response.json({ choices: [] });
	};
	await (await meteredFetch(send, { route: "general" })(input, init)).json();
	expect(recorder.counter("hyperagent_internal_errors_total")).toBe(0);
	return { headers, given, route: recorder.calls[0]?.route };
}

function* generated(): Generator<[string, string]> {
	yield* PAIRS;
}

test.each<readonly [string, () => unknown]>([
	["Headers", () => new Headers(PAIRS)],
	["pairs", () => PAIRS.map((pair) => [...pair])],
	["an object", () => Object.fromEntries(PAIRS)],
	["a Map", () => new Map(PAIRS)],
	["what can be read only once", generated],
])("%s", async (_, headers) => {
	const given = headers() as NonNullable<RequestInit["headers"]>;
	const before = Symbol.iterator in given && !("return" in given) ? [...given] : given;
	const init: RequestInit = { method: "POST", body: BODY, headers: given, keepalive: true };
	const result = await sent(CHAT, init);
	expect(result.route).toBe("own");
	expect(result.headers).toEqual(OTHERS);
	expect(result.given).toMatchObject({ keepalive: true, body: BODY });
	// What belongs to the caller is as it was.
	expect(init.headers).toBe(given);
	const isOnce = "return" in given;
	expect(isOnce || !(Symbol.iterator in given) ? given : [...given]).toEqual(before);
});

test("a Request's, whose body still arrives", async () => {
	const request = new Request(CHAT, { method: "POST", body: BODY, headers: PAIRS });
	const { headers, route } = await sent(request, undefined);
	expect(route).toBe("own");
	expect(headers).toEqual(OTHERS);
	expect(request.headers.get(NAME)).toBe("own");
	// The headers beside a Request replace its own.
	const other = await sent(new Request(CHAT, { method: "POST", body: BODY, headers: PAIRS }), {
		headers: OTHERS,
	});
	expect(other.route).toBe("general");
});

test("without one the request is what was given, and the nearest route counts", async () => {
	const init = { method: "POST", body: BODY, headers: OTHERS };
	const { given, route } = await sent(CHAT, init);
	expect(given).toBe(init);
	expect(route).toBe("general");
	expect((await withRoute("around", () => sent(CHAT, init))).route).toBe("around");
	const own = { ...init, headers: { ...OTHERS, [NAME]: "own" } };
	expect((await withRoute("around", () => sent(CHAT, own))).route).toBe("own");
	expect((await sent(CHAT, { ...init, headers: { [NAME]: "" } })).route).toBe("general");
});

describe("a request that is not counted", () => {
	test.each<readonly [string, string, RequestInit | undefined]>([
		["a page", "https://example.com/", undefined],
		["a model's description", "https://api.openai.com/v1/models", { method: "GET" }],
		["one of the program's own", "https://example.com/api/login", { method: "POST", body: "{}" }],
		[
			"one that only ends as an API's",
			"https://example.com/users/1/messages",
			{ method: "POST", body: "{}" },
		],
		["one of its files", "https://my-bucket.s3.amazonaws.com/v2/x", { method: "POST", body: "{}" }],
		[
			"tokens that are counted",
			"https://api.anthropic.com/v1/messages/count_tokens",
			{ method: "POST", body: "{}" },
		],
		["what is deleted", "https://api.openai.com/v1/responses/1", { method: "DELETE" }],
	])("%s: it passes as it is, and leaves no series", async (_, url, init) => {
		using recorder = installTestRecorder();
		const calls: unknown[][] = [];
		const answer = Promise.resolve(new Response());
		const send = (...args: unknown[]): Promise<Response> => {
			calls.push(args);
			return answer;
		};
		expect(init === undefined ? meteredFetch(send)(url) : meteredFetch(send)(url, init)).toBe(answer);
		expect(calls).toEqual([init === undefined ? [url] : [url, init]]);
		expect(calls[0]?.[1]).toBe(init);
		expect(recorder.counter("llm_attempts_total")).toBe(0);
		expect(recorder.counter("llm_unpriced_requests_total")).toBe(0);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});

	test("but one that costs money and is not metered yet: an attempt, and no price", async () => {
		using recorder = installTestRecorder();
		const body = new FormData();
		body.set("model", "whisper-1");
		const ask = async (status: number, url: string): Promise<void> => {
			const headers = { "x-stainless-retry-count": "1" };
			const fetchOf = meteredFetch(async () => new Response("x", { status }), { route: "ears" });
			await fetchOf(url, { method: "POST", body, headers });
		};
		await ask(200, "https://api.openai.com/v1/audio/transcriptions");
		await ask(429, "http://127.0.0.1:1/v1/audio/transcriptions?x=1");
		await ask(500, "https://api.openai.com/v1/audio/transcriptions");
		await ask(200, "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse");
		const openai = { provider: "openai", model: "whisper-1" };
		expect(recorder.counter("llm_attempts_total", { ...openai, result: "success" })).toBe(1);
		expect(recorder.counter("llm_attempts_total", { ...openai, result: "error" })).toBe(1);
		expect(recorder.counter("llm_attempts_total", { provider: "unknown", result: "rate_limited" })).toBe(1);
		expect(recorder.counter("llm_attempts_total", { provider: "aws", result: "success" })).toBe(1);
		expect(recorder.counter("llm_retries_total", openai)).toBe(2);
		expect(recorder.counter("llm_unpriced_requests_total", { route: "ears", reason: "unmetered_api" })).toBe(
			2,
		);
		expect(recorder.calls).toEqual([]);
	});
});
