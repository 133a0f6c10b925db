import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** A client that left before it had everything. */
export interface EarlyClose {
	/** When the server saw it, by `performance.now()`. */
	readonly at: number;
	/** How many bytes of the body it had been sent. */
	readonly bytesSent: number;
}

/** What the server saw of one request, and what it sent. Times are by `performance.now()`. */
export interface SeenRequest {
	readonly method: string;
	/** The path behind the run's root, with its query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	/** The body as it came. */
	readonly text: string;
	/** The body parsed. */
	readonly body: Readonly<Record<string, unknown>>;
	/** What its header `x-stainless-retry-count` says. */
	readonly retryCount: number | undefined;
	readonly receivedAt: number;
	readonly headersAt: number | undefined;
	readonly firstPieceAt: number | undefined;
	readonly status: number | undefined;
	readonly bytesSent: number;
	/** The bytes of the body that was sent, as `fetch` gives them; a flood is not kept. */
	sent(): Buffer;
	/** Resolves when the client closes the connection before it has been sent everything; else never. */
	readonly closedEarly: Promise<EarlyClose>;
}

/** One request and the answer to it, in the making. */
export class Exchange implements SeenRequest {
	readonly method: string;
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
	readonly body: Readonly<Record<string, unknown>>;
	readonly receivedAt: number = performance.now();
	readonly closedEarly: Promise<EarlyClose>;
	headersAt: number | undefined;
	firstPieceAt: number | undefined;
	status: number | undefined;
	bytesSent = 0;
	/** Resolves when the connection or the answer is over, whoever ended it. */
	readonly over: Promise<void>;
	readonly #response: ServerResponse;
	readonly #sent: Buffer[] = [];
	#isOurEnd = false;

	constructor(request: IncomingMessage, response: ServerResponse, path: string, text: string) {
		this.method = request.method ?? "";
		this.path = path;
		this.headers = request.headers;
		this.text = text;
		this.body = parseObject(text);
		this.#response = response;
		const closed = Promise.withResolvers<EarlyClose>();
		const over = Promise.withResolvers<void>();
		this.closedEarly = closed.promise;
		this.over = over.promise;
		response.on("close", () => {
			if (!this.#isOurEnd && !response.writableFinished) {
				closed.resolve({ at: performance.now(), bytesSent: this.bytesSent });
			}
			over.resolve();
		});
		// The same every time, so that what a client makes of two answers can be compared.
		response.sendDate = false;
	}

	get retryCount(): number | undefined {
		const header = this.headers["x-stainless-retry-count"];
		return header === undefined ? undefined : Number(header);
	}

	get isOpen(): boolean {
		return !this.#response.destroyed;
	}

	sent(): Buffer {
		return Buffer.concat(this.#sent);
	}

	/** Sends the headers at once. */
	open(status: number, headers: Readonly<Record<string, string>>): void {
		if (!this.isOpen) return;
		this.status = status;
		this.#response.writeHead(status, headers);
		this.#response.flushHeaders();
		this.headersAt = performance.now();
	}

	/** Sends an event or a part of a body, in pieces of `chunkBytes`; waits where the client does not read. */
	async write(text: string, chunkBytes?: number, keep: boolean = true): Promise<void> {
		const bytes = Buffer.from(text);
		const size = chunkBytes ?? bytes.length;
		for (let at = 0; at < bytes.length && this.isOpen; at += size) {
			const part = bytes.subarray(at, at + size);
			this.bytesSent += part.length;
			if (keep) this.#sent.push(part);
			const hasRoom = this.#response.write(part);
			if (!hasRoom) await this.#drained();
			else if (keep) await nextTurn();
		}
	}

	/** A body of known length, which is the whole answer. */
	end(status: number, headers: Readonly<Record<string, string>>, text: string): void {
		if (!this.isOpen) return;
		const bytes = Buffer.from(text);
		this.status = status;
		this.headersAt = performance.now();
		this.bytesSent += bytes.length;
		this.#sent.push(bytes);
		this.#response.writeHead(status, { ...headers, "content-length": String(bytes.length) }).end(bytes);
	}

	finish(): void {
		this.#response.end();
	}

	/** Resets the connection, but not before the client had the time to read what was sent: a reset takes that back. */
	async reset(): Promise<void> {
		if (this.bytesSent > 0) await sleep(25);
		this.#isOurEnd = true;
		this.#response.socket?.resetAndDestroy();
	}

	/** From now on the end of the connection is not the client's doing: the server stops. */
	letGo(): void {
		this.#isOurEnd = true;
	}

	async #drained(): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#response.once("drain", resolve);
		await Promise.race([promise, this.over]);
		this.#response.off("drain", resolve);
	}
}

/** Anything else than an object is as good as an empty one. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
	const value: unknown = text === "" ? {} : JSON.parse(text);
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
