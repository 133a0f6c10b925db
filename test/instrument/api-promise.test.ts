/** The promises of the clients: awaited twice, late or never, they do as they do without us. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { APIPromise } from "openai/core/api-promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, openaiOptions } from "./ask.ts";
import { expectCalls, whole } from "./calls.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

/** Where an error is left to nobody: one rejection that nobody handles. Google's promises have no `asResponse`. */
const LEFT_TO_NOBODY = ["nobody waits", ".then(handler) alone", ".finally() alone"];
const ONLY_API_PROMISE = [".asResponse().catch()", ".withResponse().catch()"];

test("a failing call raises an unhandled rejection exactly where it does without us", async () => {
	const child = fileURLToPath(import.meta.resolve("./children/rejections.ts"));
	const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", child]);
	const counts = JSON.parse(stdout) as { client: string; way: string; plain: number; metered: number }[];
	expect(counts).toHaveLength(5 * 9);
	const expected = counts.map(({ client, way }) => {
		const isLeft = LEFT_TO_NOBODY.includes(way) || (client === "google" && ONLY_API_PROMISE.includes(way));
		return { client, way, plain: isLeft ? 1 : 0, metered: isLeft ? 1 : 0 };
	});
	expect(counts).toEqual(expected);
}, 30_000);

describe.each([5, 6, 7] as const)("openai %i", (major) => {
	const connect = () => {
		const { baseURL, seen } = provider.script("openai-chat", "complete");
		const client = instrument(new MAJORS[major](openaiOptions(baseURL)), { route: "promise" });
		return { client, seen };
	};

	test("awaited twice it is one answer, one request and one call", async () => {
		using recorder = installTestRecorder();
		const { client, seen } = connect();
		const call = client.chat.completions.create(CHAT);
		const first = await call;
		expect(await call).toBe(first);
		const { data, response } = await call.withResponse();
		expect(data).toBe(first);
		expect((await call.asResponse()) === response).toBe(true);
		expect(seen.requests).toHaveLength(1);
		await expectCalls(recorder, whole("openai-chat", { route: "promise" }));
	});

	test(".finally() and .catch() of a call that is answered", async () => {
		using recorder = installTestRecorder();
		const { client } = connect();
		let ends = 0;
		const answer = await client.chat.completions
			.create(CHAT)
			.catch(() => undefined)
			.finally(() => {
				ends += 1;
			});
		expect(answer?.choices[0]?.message.role).toBe("assistant");
		expect(ends).toBe(1);
		await expectCalls(recorder, whole("openai-chat", { route: "promise" }));
	});

	test("the request is sent whether or not anybody waits", async () => {
		using recorder = installTestRecorder();
		const { client, seen } = connect();
		const call = client.chat.completions.create(CHAT);
		await seen.arrived(1);
		await call;
		await expectCalls(recorder, whole("openai-chat", { route: "promise" }));
	});
});

test("it is the client's own class of promise", () => {
	const client = instrument(new MAJORS[7](openaiOptions("http://127.0.0.1:9/v1")), { route: "promise" });
	const call = client.chat.completions.create(CHAT);
	call.catch(() => undefined);
	expect(call).toBeInstanceOf(APIPromise);
});
