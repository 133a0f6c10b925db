/**
 * Asks a server that refuses everything, in ways that leave its errors to nobody or to somebody, with a plain client and
 * with an instrumented one, and prints how many rejections nobody has handled of each.
 */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import type OpenAI from "openai";
import { instrument } from "../../../src/instrument/index.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "../ask.ts";

interface Refused extends PromiseLike<unknown> {
	catch(handler: (error: unknown) => unknown): Promise<unknown>;
	finally(handler: () => void): Promise<unknown>;
	asResponse?(): Promise<unknown>;
	withResponse?(): Promise<unknown>;
}

const nothing = (): undefined => undefined;

/** What is done with a call that fails; what comes back is waited for. */
const WAYS: Readonly<Record<string, (ask: () => Refused) => unknown>> = {
	"nobody waits": (ask) => void ask(),
	".then(handler) alone": (ask) => void ask().then(nothing),
	".finally() alone": (ask) => void ask().finally(nothing),
	".catch()": (ask) => ask().catch(nothing),
	".then(handler, handler)": (ask) => ask().then(nothing, nothing),
	".finally().catch()": (ask) => ask().finally(nothing).catch(nothing),
	"awaited twice": async (ask) => {
		const call = ask();
		const errors = await Promise.all([call.then(nothing, String), call.then(nothing, String)]);
		if (errors[0] !== errors[1]) throw new Error("two errors of one call differ");
	},
	".asResponse().catch()": (ask) => ask().asResponse?.().catch(nothing),
	".withResponse().catch()": (ask) => ask().withResponse?.().catch(nothing),
};

/** By the model that was asked for, which the server's error names. */
const unhandled = new Map<string, number>();
process.on("unhandledRejection", (reason) => {
	const asked = /asked-\d+/.exec(String(reason))?.[0] ?? String(reason);
	unhandled.set(asked, (unhandled.get(asked) ?? 0) + 1);
});
const server = createServer((request, response) => {
	let sent = request.url ?? "";
	request.on("data", (chunk: Buffer) => (sent += chunk.toString()));
	request.on("end", () => {
		const asked = /asked-\d+/.exec(sent)?.[0];
		response.writeHead(401, { "content-type": "application/json" });
		response.end(JSON.stringify({ error: { message: `no ${asked}`, code: 401, status: "UNAUTHENTICATED" } }));
	});
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
if (address === null || typeof address === "string") throw new Error("no port");
const url = `http://127.0.0.1:${address.port}`;

type Asking = (model: string) => Refused;
const openai =
	(client: OpenAI): Asking =>
	(model) =>
		client.chat.completions.create({ ...CHAT, model });
const anthropic =
	(client: Anthropic): Asking =>
	(model) =>
		client.messages.create({ ...MESSAGE, model });
const google =
	(client: GoogleGenAI): Asking =>
	(model) =>
		client.models.generateContent({ model, contents: "hello" });
const wrap = <T extends object>(client: T, isMetered: boolean): T =>
	isMetered ? instrument(client, { route: "rejections" }) : client;
const clients: Readonly<Record<string, (isMetered: boolean) => Asking>> = {
	openai5: (isMetered) => openai(wrap(new MAJORS[5](openaiOptions(url)), isMetered)),
	openai6: (isMetered) => openai(wrap(new MAJORS[6](openaiOptions(url)), isMetered)),
	openai7: (isMetered) => openai(wrap(new MAJORS[7](openaiOptions(url)), isMetered)),
	anthropic: (isMetered) =>
		anthropic(wrap(new Anthropic({ apiKey: "key", baseURL: url, maxRetries: 0 }), isMetered)),
	google: (isMetered) =>
		google(wrap(new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: url } }), isMetered)),
};

let questions = 0;
const running: Promise<unknown>[] = [];
const asked: { client: string; way: string; plain: string; metered: string }[] = [];
for (const [client, connect] of Object.entries(clients)) {
	for (const [way, use] of Object.entries(WAYS)) {
		const run = (isMetered: boolean): string => {
			questions += 1;
			const model = `asked-${questions}`;
			running.push(Promise.resolve(use(() => connect(isMetered)(model))));
			return model;
		};
		asked.push({ client, way, plain: run(false), metered: run(true) });
	}
}
await Promise.all(running);
// What nobody waits for has ended when nothing more is heard.
for (let heard = -1; heard !== unhandled.size; ) {
	heard = unhandled.size;
	await sleep(200);
}
const counts = asked.map(({ client, metered, plain, way }) => {
	return { client, way, plain: unhandled.get(plain) ?? 0, metered: unhandled.get(metered) ?? 0 };
});
process.stdout.write(JSON.stringify(counts));
server.closeAllConnections();
server.close();
