/** A stream of 100 MB passes with flat memory, and one that is not read holds its server up. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";
import { COLUMNS, type ColumnName } from "../instrument/scripted/clients.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const NAMES: readonly ColumnName[] = ["openai-chat", "openai-responses", "anthropic", "gemini", "fetch"];

interface Measured {
	readonly events: number;
	readonly characters: number;
	readonly left: { readonly heap: number; readonly buffers: number };
	readonly most: { readonly heap: number; readonly buffers: number; readonly rss: number };
	readonly requests: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

describe.each(NAMES)("%s", (name) => {
	const column = COLUMNS[name];

	test("100 MB", async () => {
		const run = provider.script(column.api, "big-stream", { megabytes: 100 });
		const child = fileURLToPath(import.meta.resolve("../instrument/children/big-stream.ts"));
		const args = ["--expose-gc", "--no-warnings", child, name, run.baseURL];
		const { stdout } = await promisify(execFile)(process.execPath, args);
		const { characters, events, left, most, requests } = JSON.parse(stdout) as Measured;
		expect(run.seen.requests[0]?.bytesSent).toBeGreaterThan(100_000_000);
		expect(characters).toBeGreaterThan(name === "fetch" ? 0 : 30_000_000);
		expect(events).toBeGreaterThan(50_000);
		// What has come and waits to be read is not ours: a plain client has as much of it, up to 30 MB.
		expect(most.heap).toBeLessThan(3);
		expect(most.buffers).toBeLessThan(50);
		expect(most.rss).toBeLessThan(150);
		expect(left.heap).toBeLessThan(3);
		expect(left.buffers).toBeLessThan(10);
		expect(requests).toMatchObject([{ labels: { route: "big", outcome: "success" }, value: 1 }]);
	}, 120_000);

	test("a reader that stops stops the server, and goes on where it was", async () => {
		using recorder = installTestRecorder();
		const run = provider.script(column.api, "big-stream", { megabytes: 60 });
		const client = column.connect({
			baseURL: run.baseURL,
			...(name === "fetch"
				? { fetch: meteredFetch(undefined, { route: "big" }) }
				: { wrap: (plain) => instrument(plain, { route: "big" }) }),
		});
		const reading = client.stream()[Symbol.asyncIterator]();
		await reading.next();
		const [request] = run.seen.requests;
		await sleep(200);
		const sent = request?.bytesSent ?? 0;
		await sleep(200);
		expect(request?.bytesSent).toBe(sent);
		expect(sent).toBeLessThan(20_000_000);
		for (let i = 0; i < 20_000; i += 1) await reading.next();
		await sleep(100);
		const more = request?.bytesSent ?? 0;
		expect(more).toBeGreaterThan(sent);
		expect(more).toBeLessThan(60_000_000);
		await reading.return();
		await expectCalls(recorder, { route: "big", outcome: "aborted" });
	}, 30_000);
});
