/** A server on loopback that answers by path, whatever is sent to it, and remembers what was. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";

export interface SentRequest {
	readonly method: string;
	/** With its query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
}

export type ApiAnswer = (response: ServerResponse, request: SentRequest) => unknown;

export class ApiServer {
	readonly requests: SentRequest[] = [];
	url = "";
	readonly #server: Server;

	private constructor(answers: Readonly<Record<string, ApiAnswer>>) {
		this.#server = createServer((incoming, response) => {
			// The same every time: what a client makes of two answers is compared, and a second may pass between them.
			response.sendDate = false;
			const chunks: Buffer[] = [];
			incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
			incoming.on("end", () => {
				const { headers, method = "", url: path = "" } = incoming;
				const request = { method, path, headers, text: Buffer.concat(chunks).toString("latin1") };
				this.requests.push(request);
				const answer = Object.entries(answers).find(([end]) => path.split("?", 1)[0]?.endsWith(end))?.[1];
				if (answer === undefined) response.writeHead(418).end();
				else answer(response, request);
			});
		});
	}

	/** Starts one; the first path that a request's ends with has its answer. Closed by `await using`. */
	static async start(answers: Readonly<Record<string, ApiAnswer>>): Promise<ApiServer> {
		const server = new ApiServer(answers);
		await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
		const address = server.#server.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		server.url = `http://127.0.0.1:${address.port}`;
		return server;
	}

	/** A `fetch` that sends here what is for that origin, so that nothing leaves this machine. */
	insteadOf(origin: string): typeof fetch {
		return (input, init) => {
			const url = input instanceof Request ? input.url : String(input);
			if (!url.startsWith(origin)) throw new Error(`nothing may be sent to ${url}`);
			return fetch(`${this.url}${url.slice(origin.length)}`, init);
		};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.#server.closeAllConnections();
		await closed;
	}
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): ApiAnswer {
	return (response) => {
		response.writeHead(status, { "content-type": "application/json", ...headers });
		response.end(JSON.stringify(body));
	};
}

/** A stream of events, each of which is its data. */
export function events(...data: readonly (object | string)[]): ApiAnswer {
	return (response) => {
		response.writeHead(200, { "content-type": "text/event-stream" });
		for (const one of data) {
			response.write(`data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`);
		}
		response.end();
	};
}
