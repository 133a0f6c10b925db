import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { isLoopback, networkOf } from "./access.ts";
import type { App } from "./app.ts";
import { type ListenAddress, listenError } from "./listen-address.ts";

/** What nobody may exceed; the times are in milliseconds. */
export interface HttpLimits {
	/** Further ones are closed at once; of another machine's address those beyond half of them. */
	readonly maxConnections: number;
	/** For the head of a request to arrive. */
	readonly headMs: number;
	/** For the whole of it. */
	readonly requestMs: number;
	/** For an answer to be read, but for event streams. */
	readonly answerMs: number;
	/** Of a connection on which nothing moves. */
	readonly idleMs: number;
}

/** Of every server, where nothing else is said. */
const HTTP_LIMITS: HttpLimits = {
	maxConnections: 2000,
	headMs: 10_000,
	requestMs: 15_000,
	answerMs: 60_000,
	idleMs: 60_000,
};

/** A scraper keeps its connection from one scrape to the next; a minute apart is usual. */
const KEEP_ALIVE_MS = 75_000;
/** Of a request's line and its headers together; larger ones get 431. */
const MOST_HEAD_BYTES = 16_384;
/** More get 431 as well. */
const MOST_HEADERS = 100;
/** How long {@link HttpServer.close} lets answers under way finish. */
const CLOSE_GRACE_MS = 2000;

/**
 * An app on Node's HTTP server that listens. A connection asks for one thing at a time: who sends a request before the
 * last one's answer has ended, as no browser, scraper or proxy does, is cut off.
 */
export class HttpServer {
	/** Where it really listens: the port is never 0, and a host name has become an address. */
	readonly bound: ListenAddress;
	readonly #server: Server;

	private constructor(server: Server, wanted: ListenAddress) {
		const bound = server.address();
		// A string would be a Unix socket's path.
		this.bound =
			bound === null || typeof bound === "string" ? wanted : { host: bound.address, port: bound.port };
		this.#server = server;
	}

	/**
	 * Resolves once it listens.
	 *
	 * @param app made when the port is known
	 * @param onError told of what goes wrong with the listening later
	 * @throws HyperAgentError `LISTEN_FAILED`
	 */
	static async listen(
		app: (bound: ListenAddress) => App,
		address: ListenAddress,
		onError: (error: Error) => void,
		limits: Partial<HttpLimits> = {},
	): Promise<HttpServer> {
		const { answerMs, headMs, idleMs, maxConnections, requestMs } = { ...HTTP_LIMITS, ...limits };
		const server = createServer({
			maxHeaderSize: MOST_HEAD_BYTES,
			headersTimeout: headMs,
			requestTimeout: requestMs,
			// How exactly the two are kept: Node's own half a minute would be longer than either.
			connectionsCheckingInterval: Math.min(1000, headMs),
			keepAliveTimeout: KEEP_ALIVE_MS,
		});
		server.maxConnections = maxConnections;
		// Who waits for nothing makes room: the next one who comes gets in.
		server.on("drop", () => server.closeIdleConnections());
		shareConnections(server, Math.ceil(maxConnections / 2));
		// One more than we take: Node 22 drops without a word what is beyond it, and that could be a proxy's own.
		server.maxHeadersCount = MOST_HEADERS + 1;
		server.setTimeout(idleMs);
		await new Promise<void>((resolve, reject) => {
			const failed = (error: Error): void => reject(listenError(address, error));
			server.once("error", failed);
			server.listen(address.port, address.host, () => {
				server.off("error", failed);
				resolve();
			});
		});
		server.on("error", onError);
		const listening = new HttpServer(server, address);
		const answer = getRequestListener(app(listening.bound).fetch, {
			overrideGlobalObjects: false, // a library leaves the program's own Request and Response alone
			hostname: "localhost", // HTTP/1.0 asks without one; a URL has to have it, and nothing reads it
		});
		const busy = new WeakSet<Socket>();
		server.on("request", (request, response) => {
			const { socket } = request;
			// Two thousand fit into one packet's worth of reading, and each would be held until those before it are read.
			if (busy.has(socket)) {
				socket.destroy();
				return;
			}
			busy.add(socket);
			response.once("close", () => busy.delete(socket));
			if (request.rawHeaders.length > 2 * MOST_HEADERS) {
				response.writeHead(431, { Connection: "close" }).end();
				return;
			}
			// Only a form is read, and no more than that: what else comes is never waited for.
			if (!server.listening || hasBody(request)) response.setHeader("Connection", "close");
			const deadline = setTimeout(() => {
				if (response.getHeader("Content-Type") !== EVENT_STREAM) response.destroy();
			}, answerMs).unref();
			response.once("close", () => clearTimeout(deadline));
			void answer(request, response);
		});
		return listening;
	}

	/** Stops listening, lets answers under way finish for two seconds, and ends every connection. */
	async close(): Promise<void> {
		const grace = setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS);
		await new Promise<void>((resolve) => this.#server.close(() => resolve()));
		clearTimeout(grace);
	}
}

/** The type of answers that have no end. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** One address alone must not keep all others out. This machine's may: a proxy here brings everybody. */
function shareConnections(server: Server, mostOfOne: number): void {
	const open = new Map<string, number>();
	server.on("connection", (socket: Socket) => {
		const peer = socket.remoteAddress ?? "";
		if (isLoopback(peer)) return;
		const network = networkOf(peer);
		const count = (open.get(network) ?? 0) + 1;
		open.set(network, count);
		socket.once("close", () => {
			const left = (open.get(network) ?? 1) - 1;
			if (left === 0) open.delete(network);
			else open.set(network, left);
		});
		if (count > mostOfOne) socket.destroy();
	});
}

function hasBody({ headers }: IncomingMessage): boolean {
	return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
