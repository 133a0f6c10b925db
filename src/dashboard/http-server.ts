import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { App } from "./app.ts";
import { type ListenAddress, listenError } from "./listen-address.ts";

/** A scraper keeps its connection from one scrape to the next; a minute apart is usual. */
const KEEP_ALIVE_MS = 75_000;
/** How long {@link HttpServer.close} lets answers under way finish. */
const CLOSE_GRACE_MS = 2000;

/** An app on Node's HTTP server that listens. */
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
	 * @param onError told of what goes wrong with the listening later
	 * @throws HyperAgentError `LISTEN_FAILED`
	 */
	static async listen(
		app: App,
		address: ListenAddress,
		onError: (error: Error) => void,
	): Promise<HttpServer> {
		const answer = getRequestListener(app.fetch, {
			overrideGlobalObjects: false, // a library leaves the program's own Request and Response alone
			hostname: "localhost", // HTTP/1.0 asks without one; a URL has to have it, and nothing reads it
		});
		const server = createServer(
			{ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: KEEP_ALIVE_MS },
			(request, response) => {
				if (!server.listening) response.setHeader("Connection", "close");
				void answer(request, response);
			},
		);
		server.setTimeout(60_000); // of a peer that neither sends nor reads
		await new Promise<void>((resolve, reject) => {
			const failed = (error: Error): void => reject(listenError(address, error));
			server.once("error", failed);
			server.listen(address.port, address.host, () => {
				server.off("error", failed);
				resolve();
			});
		});
		server.on("error", onError);
		return new HttpServer(server, address);
	}

	/** Stops listening, lets answers under way finish for two seconds, and ends every connection. */
	async close(): Promise<void> {
		const grace = setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS);
		await new Promise<void>((resolve) => this.#server.close(() => resolve()));
		clearTimeout(grace);
	}
}
