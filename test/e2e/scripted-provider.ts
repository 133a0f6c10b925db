import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Refusal, type Usage, type Wire, wireOf } from "./scripted-wire.ts";

/** One answer: writes it in the form that the request asks for. */
export type Step = (response: ServerResponse, wire: Wire) => unknown;

/**
 * A provider on loopback that speaks OpenAI's chat completions and embeddings and Anthropic's messages, plain and as a
 * stream, and that answers each request with the next step of its script.
 */
export class ScriptedProvider {
	/** Every request that came when the script had no step left. A test expects none. */
	readonly unexpected: string[] = [];
	readonly #steps: Step[] = [];
	readonly #server: Server;

	private constructor() {
		this.#server = createServer((request, response) => {
			this.#answer(request, response).catch((error: unknown) => response.destroy(asError(error)));
		});
	}

	static async start(): Promise<ScriptedProvider> {
		const provider = new ScriptedProvider();
		await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
		return provider;
	}

	/** The base URL, as Anthropic's SDK takes it; OpenAI's wants `/v1` behind it. */
	get url(): string {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("The provider does not listen.");
		return `http://127.0.0.1:${address.port}`;
	}

	/** How many steps nobody has asked for yet. */
	get left(): number {
		return this.#steps.length;
	}

	/** Adds to the script. */
	next(...steps: readonly Step[]): void {
		this.#steps.push(...steps);
	}

	async close(): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.#server.closeAllConnections();
		await closed;
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const wire = wireOf(request.url ?? "", JSON.parse(Buffer.concat(chunks).toString()));
		const step = wire === undefined ? undefined : this.#steps.shift();
		if (wire === undefined || step === undefined) {
			this.unexpected.push(`${request.method} ${request.url}`);
			// A status that no SDK tries again.
			writeJson(response, 418, { error: { message: "The script does not say what to answer." } });
			return;
		}
		await step(response, wire);
	}
}

/** A whole answer with that usage, `delayMs` after the request. */
export function answer(usage: Usage, delayMs: number): Step {
	return async (response, wire) => {
		await sleep(delayMs);
		if (wire.isStream) writeEvents(response, wire.events(usage)).end();
		else writeJson(response, 200, wire.body(usage));
	};
}

/** A whole answer that is sent when `signal` is aborted, as somebody else decides. */
export function answerWhen(signal: AbortSignal, usage: Usage): Step {
	return async (response, wire) => {
		if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
		await answer(usage, 0)(response, wire);
	};
}

/** An error with that HTTP status. */
export function refuse(
	status: number,
	refusal: Refusal,
	delayMs: number,
	headers: Readonly<Record<string, string>> = {},
): Step {
	return async (response, wire) => {
		await sleep(delayMs);
		writeJson(response, status, wire.error(refusal), headers);
	};
}

/** A stream that breaks off with an error event, under HTTP 200, after the first piece of its text. */
export function failInStream(usage: Usage, refusal: Refusal, delayMs: number): Step {
	return async (response, wire) => {
		await sleep(delayMs);
		writeEvents(response, [...wire.eventsUpToText(usage), wire.errorEvent(refusal)]).end();
	};
}

/** A body under HTTP 200 that calls itself JSON and ends in the middle of it. */
export function malformed(delayMs: number): Step {
	return async (response) => {
		await sleep(delayMs);
		response.writeHead(200, { "content-type": "application/json" }).end('{"id": "cut-');
	};
}

/** Resets the connection instead of an answer. */
export function reset(delayMs: number): Step {
	return async (response) => {
		await sleep(delayMs);
		response.socket?.resetAndDestroy();
	};
}

/** Never answers: the caller has to leave. */
export const hang: Step = () => undefined;

function writeJson(
	response: ServerResponse,
	status: number,
	body: unknown,
	headers: Readonly<Record<string, string>> = {},
): void {
	response.writeHead(status, { "content-type": "application/json", ...headers });
	response.end(JSON.stringify(body));
}

function writeEvents(response: ServerResponse, events: readonly string[]): ServerResponse {
	response.writeHead(200, { "content-type": "text/event-stream" });
	for (const event of events) response.write(event);
	return response;
}

function asError(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}
