/** An HTTP server on loopback that answers as it is told, one answer a request, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach } from "vitest";

export interface SeenRequest {
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	/** The parsed body. */
	readonly body: unknown;
	/** Resolves when the connection has been closed before the answer was complete. */
	readonly cut: Promise<void>;
}

export type Answer = (response: ServerResponse) => unknown;

const running: ReplayServer[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((server) => server.close()));
});

export class ReplayServer {
	readonly requests: SeenRequest[] = [];
	url = "";
	readonly #answers: Answer[];
	readonly #server: Server;

	private constructor(answers: readonly Answer[]) {
		this.#answers = [...answers];
		this.#server = createServer((request, response) => {
			const chunks: Buffer[] = [];
			request.on("data", (chunk: Buffer) => chunks.push(chunk));
			request.on("end", () => {
				const text = Buffer.concat(chunks).toString();
				const cut = new Promise<void>((resolve) => {
					response.on("close", () => {
						if (!response.writableFinished) resolve();
					});
				});
				const body: unknown = text === "" ? undefined : JSON.parse(text);
				this.requests.push({ path: request.url ?? "", headers: request.headers, body, cut });
				const answer = this.#answers.shift() ?? status(418, { error: { message: "no answer is left" } });
				answer(response);
			});
		});
	}

	/** Starts a server that gives these answers in turn; it is closed when the test is over. */
	static async start(...answers: readonly Answer[]): Promise<ReplayServer> {
		const server = new ReplayServer(answers);
		await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
		const address = server.#server.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		server.url = `http://127.0.0.1:${address.port}`;
		running.push(server);
		return server;
	}

	/** Resolves once that many requests have come in. */
	async waitFor(count: number): Promise<void> {
		while (this.requests.length < count) await nextTurn();
	}

	async close(): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.#server.closeAllConnections();
		await closed;
	}
}

/** A JSON body with that status. */
export function status(code: number, body: unknown, headers: Record<string, string> = {}): Answer {
	return (response) => {
		response.writeHead(code, { "content-type": "application/json", ...headers });
		response.end(typeof body === "string" ? body : JSON.stringify(body));
	};
}

/** A stream as OpenAI's chat API sends it. */
export function openAIStream(events: readonly string[], end: Answer = finish): Answer {
	const done = end === finish ? ["data: [DONE]\n\n"] : [];
	return stream([...events.map((data) => `data: ${data}\n\n`), ...done].join(""), end);
}

/** A stream as Anthropic's API sends it. */
export function anthropicStream(events: readonly string[], end: Answer = finish): Answer {
	const text = events.map((data) => {
		const event: unknown = JSON.parse(data);
		const type = typeof event === "object" && event !== null && "type" in event ? String(event.type) : "";
		return `event: ${type}\ndata: ${data}\n\n`;
	});
	return stream(text.join(""), end);
}

/** That text as an event stream, in pieces of 61 bytes, so that they end anywhere: in a line, in a character. */
export function stream(text: string, end: Answer = finish): Answer {
	return async (response) => {
		response.writeHead(200, { "content-type": "text/event-stream" });
		response.flushHeaders();
		const bytes = Buffer.from(text);
		for (let at = 0; at < bytes.length && !response.destroyed; at += 61) {
			response.write(bytes.subarray(at, at + 61));
			await nextTurn();
		}
		if (!response.destroyed) end(response);
	};
}

export const finish: Answer = (response) => response.end();
/** Ends the body as if it were whole, but without an end mark. */
export const stopShort: Answer = (response) => response.end();
/** Says nothing more and keeps the connection open. */
export const hang: Answer = () => undefined;
/** Resets the connection. */
export const reset: Answer = (response) => response.destroy();
