/** What nobody can read any more ends its call; and what is read is held by its reader alone. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, expect, test } from "vitest";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";
import { asking } from "./asking.ts";
import { bodyOf } from "./read-body.ts";

let provider: ScriptedProvider;
let gc: () => void;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
	setFlagsFromString("--expose-gc");
	gc = runInNewContext("gc") as () => void;
	return () => provider.close();
});

async function until(isSo: () => boolean): Promise<void> {
	for (let tries = 0; tries < 100 && !isSo(); tries += 1) {
		// What was just looked at is kept until later.
		await sleep(5);
		gc();
	}
}

const URL_OF_CHAT = "https://api.openai.com/v1/chat/completions";
const INIT = { method: "POST", body: '{"model":"m","stream":true}' };
const ANSWER = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } };
const EVENTS = { headers: { "content-type": "text/event-stream" } };

test("a refusal that nobody reads is what its status says", async () => {
	using recorder = installTestRecorder();
	const { init, url } = asking(provider, "openai-chat", "404-model");
	await (async () => {
		await meteredFetch(fetch)(url, init);
	})();
	await until(() => recorder.gauge("llm_active_requests") === 0);
	await expectCalls(recorder, { outcome: "error", errorType: "model_unavailable" });
});

test("a body is read whose response is gone, and a copy of it", async () => {
	using recorder = installTestRecorder();
	const fetchOf = meteredFetch(async () => new Response(`data: ${JSON.stringify(ANSWER)}\n\n`, EVENTS));
	const body = bodyOf(await fetchOf(URL_OF_CHAT, INIT));
	const copy = (await fetchOf(URL_OF_CHAT, INIT)).clone();
	for (let i = 0; i < 10; i += 1) {
		gc();
		await sleep(1);
	}
	await new Response(body).text();
	await copy.text();
	const read = { outcome: "success", usage: { inputUncached: 3, output: 4 } } as const;
	await expectCalls(recorder, read, read);
});

test("an iterator that is let go while somebody waits for its first chunk gives it", async () => {
	let send = (_: Uint8Array): void => undefined;
	const stream = new ReadableStream({
		start(controller) {
			send = (chunk) => controller.enqueue(chunk);
		},
	});
	const fetchOf = meteredFetch(async () => new Response(stream, EVENTS));
	const first = await (async () => ({
		read: bodyOf(await fetchOf(URL_OF_CHAT, INIT))
			.values()
			.next(),
	}))();
	for (let i = 0; i < 20; i += 1) {
		gc();
		await sleep(1);
	}
	send(Buffer.from("data: 1\n\n"));
	expect(String((await first.read).value)).toBe(String(Buffer.from("data: 1\n\n")));
});

test("no bytes and no text are held once they are read, though the response and the call are", async () => {
	using _recorder = installTestRecorder();
	const big = JSON.stringify({ ...ANSWER, pad: Array.from({ length: 60_000 }, (_, i) => `text ${i}`) });
	const held: Response[] = [];
	const gone: WeakRef<object>[] = [];
	for (const status of [200, 429]) {
		const fetchOf = meteredFetch(async () => new Response(big, { status }));
		for (let i = 0; i < 20; i += 1) {
			const response = await fetchOf(URL_OF_CHAT, INIT);
			held.push(response);
			for await (const chunk of bodyOf(response)) gone.push(new WeakRef(chunk.buffer));
		}
	}
	const left = (): number => gone.filter((ref) => ref.deref() !== undefined).length;
	await until(() => left() < 5);
	// The machine's own registers may hold the last ones.
	expect(left()).toBeLessThan(5);
	const inUse = async (): Promise<number> => {
		for (let i = 0; i < 3; i += 1) {
			await sleep(5);
			gc();
		}
		const { external, heapUsed } = process.memoryUsage();
		return heapUsed + external;
	};
	const before = await inUse();
	expect(held.length).toBe(40);
	held.length = 0;
	// Of forty answers of nearly a megabyte each.
	expect(before - (await inUse())).toBeLessThan(2_000_000);
});
