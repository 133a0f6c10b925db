/** How a client's `fetch` knows which of its calls a request is of: by what the request says, once the client has passed that on. */
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { currentQuestion } from "../../src/monitoring/current-call.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, openaiOptions } from "./ask.ts";
import { expectCalls, whole } from "./calls.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

type Client = (typeof MAJORS)[7];

/** A class whose hook might ask anything. */
function withOwnHook(OpenAI: Client): Client {
	return class extends OpenAI {
		protected override async prepareOptions(): Promise<void> {
			await Promise.resolve();
		}
	};
}

/** A class that might send again what it was asked. */
function withOwnSending(OpenAI: Client): Client {
	class Sending extends OpenAI {}
	// It is in no public type.
	const makeRequest: unknown = Reflect.get(OpenAI.prototype, "makeRequest");
	Reflect.set(Sending.prototype, "makeRequest", makeRequest);
	return Sending;
}

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const ROUTE = { route: "named" };
const whole3 = Array.from({ length: 3 }, () => whole("openai-chat", ROUTE));

/** Asks three times; the answer is whether each answer came inside our context. */
async function askThrice(OpenAI: Client, options: object = {}): Promise<boolean[]> {
	const { baseURL } = provider.script("openai-chat", "complete");
	const seen: boolean[] = [];
	const info = (): void => void seen.push(currentQuestion() !== undefined);
	const logger = { error: info, warn: info, info, debug: info };
	const client = new OpenAI({ ...openaiOptions(baseURL), logger, logLevel: "info", ...options });
	const instrumented = instrument(client, ROUTE);
	for (let i = 0; i < 3; i += 1) await instrumented.chat.completions.create(CHAT);
	return seen;
}

describe.each([5, 6, 7] as const)("openai %s", (major) => {
	test("the first call has a context, and those after it none", async () => {
		using recorder = installTestRecorder();
		expect(await askThrice(MAJORS[major])).toEqual([true, false, false]);
		expect(await askThrice(MAJORS[major])).toEqual([false, false, false]);
		await expectCalls(recorder, ...whole3, ...whole3);
	});

	test.each<readonly [string, () => readonly [Client, object]]>([
		[
			"a fetch of the user's own",
			() => [MAJORS[major], { fetch: (...args: Parameters<typeof fetch>) => fetch(...args) }],
		],
		["a method that a class of the user's overrides", () => [withOwnHook(MAJORS[major]), {}]],
		["the method that sends, overridden", () => [withOwnSending(MAJORS[major]), {}]],
		["an option that may hold anybody's code", () => [MAJORS[major], { fetchLike: () => undefined }]],
	])("%s: each call has one", async (_, make) => {
		using recorder = installTestRecorder();
		expect(await askThrice(...make())).toEqual([true, true, true]);
		await expectCalls(recorder, ...whole3);
	});

	test("a fetch that is put on the client later: each call has one from then on", async () => {
		using recorder = installTestRecorder();
		const { baseURL } = provider.script("openai-chat", "complete");
		const client = instrument(new MAJORS[major](openaiOptions(baseURL)), ROUTE);
		await client.chat.completions.create(CHAT);
		const seen: boolean[] = [];
		const { fetch: ours }: { fetch?: typeof fetch } = client as object;
		const later: typeof fetch = (...args) => {
			seen.push(currentQuestion() !== undefined);
			return ours?.(...args) ?? fetch(...args);
		};
		Object.assign(client, { fetch: later });
		await client.chat.completions.create(CHAT);
		await client.chat.completions.create(CHAT);
		expect(seen).toEqual([true, true]);
		await expectCalls(recorder, ...whole3);
	});

	test("a hook that is put on the client later: each call has one from then on", async () => {
		using recorder = installTestRecorder();
		const { baseURL } = provider.script("openai-chat", "complete");
		const client = instrument(new MAJORS[major](openaiOptions(baseURL)), ROUTE);
		await client.chat.completions.create(CHAT);
		const seen: boolean[] = [];
		const prepareOptions = async (options: object): Promise<void> => {
			seen.push(currentQuestion() !== undefined);
			Object.assign(options, { fetchOptions: { keepalive: false } });
		};
		Object.assign(client, { prepareOptions });
		await client.chat.completions.create(CHAT);
		await client.chat.completions.create(CHAT);
		expect(seen).toEqual([true, true]);
		await expectCalls(recorder, ...whole3);
	});

	test("a call inside the metered fetch of another, at the same address, is one of its own", async () => {
		using recorder = installTestRecorder();
		const { baseURL } = provider.script("openai-chat", "complete");
		const guard = instrument(new MAJORS[major](openaiOptions(baseURL)), { route: "guard" });
		const guarded: typeof fetch = async (...args) => {
			await guard.chat.completions.create(CHAT);
			return fetch(...args);
		};
		const asking = meteredFetch(guarded, { route: "outer" });
		const init = { method: "POST", body: JSON.stringify(CHAT) };
		for (let i = 0; i < 3; i += 1) await (await asking(`${baseURL}/chat/completions`, init)).json();
		expect(recorder.counter("llm_attempts_total")).toBe(6);
		expect(recorder.calls.map(({ attempts, usage }) => [attempts, usage?.output])).toEqual(
			Array.from({ length: 6 }, () => [1, expect.any(Number)]),
		);
	});
});

test("a client that does not pass on what its requests say has a context again", async () => {
	const OpenAI = MAJORS[5];
	await askThrice(OpenAI);
	// oxlint-disable-next-line typescript/unbound-method -- it is applied to its client, and put back as it was
	const { buildRequest } = OpenAI.prototype;
	OpenAI.prototype.buildRequest = async function losing(...args) {
		const built = await buildRequest.apply(this, args);
		for (const key of Object.getOwnPropertySymbols(built.req)) Reflect.deleteProperty(built.req, key);
		return built;
	};
	try {
		expect(await askThrice(OpenAI)).toEqual([false, true, true]);
		using recorder = installTestRecorder();
		expect(await askThrice(OpenAI)).toEqual([true, true, true]);
		await expectCalls(recorder, ...whole3);
	} finally {
		OpenAI.prototype.buildRequest = buildRequest;
	}
});

test("what a client logs of its options shows nothing of ours", async () => {
	const { baseURL } = provider.script("openai-chat", "complete");
	const lines: unknown[] = [];
	const log = (...args: unknown[]): void => void lines.push(...args);
	const logger = { error: log, warn: log, info: log, debug: log };
	const client = instrument(new MAJORS[7]({ ...openaiOptions(baseURL), logger, logLevel: "debug" }), ROUTE);
	await client.chat.completions.create(CHAT);
	const text = inspect(lines, { depth: 12 });
	expect(text).toContain("sending request");
	expect(text).not.toContain("llm_");
	expect(text).not.toMatch(/Call \{|sentBody|endsWith/);
});
