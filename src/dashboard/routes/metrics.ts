import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { PROCESS_ID } from "../../core/call-id.ts";
import type { PrometheusHandle } from "../../monitoring/index.ts";
import { acceptsGzip } from "../accept-encoding.ts";
import type { RouteHandler } from "../app.ts";

const compress = promisify(gzip);

/** The most scrapes under way at a time, of one address and of all; a slow reader's counts until it has read. */
const MOST_OF_PEER = 16;
const MOST_PENDING = 64;
/** The most families that one can pick. */
const MOST_NAMES = 200;

/**
 * `GET /metrics`, in the format that the scraper asks for, gzipped where it asks for that; `?name[]=llm_cost_usd_total`,
 * as often as one likes, picks families. The header `X-HyperAgent-Process` says whose counters they are: the rows of that
 * process in a ledger add up to them.
 */
export function metricsRoute(handle: PrometheusHandle): RouteHandler {
	/** What has not changed since the last scrape is not compressed again. */
	const compressed = new WeakMap<Uint8Array, Promise<Buffer>>();
	const pending = new PendingScrapes();
	return async (c) => {
		const { incoming, outgoing } = c.env;
		if (!pending.add(incoming.socket.remoteAddress ?? "", outgoing)) {
			const headers = { "Retry-After": "1", "Cache-Control": "no-store" };
			return c.json({ error: "Too many scrapes are under way; try again." }, 503, headers);
		}
		const names = c.req.queries("name[]")?.slice(0, MOST_NAMES);
		const { body, contentType } = await handle.scrape({ accept: c.req.header("accept"), names });
		c.header("Content-Type", contentType);
		c.header("X-HyperAgent-Process", PROCESS_ID);
		c.header("Cache-Control", "no-store");
		c.header("Vary", "Accept, Accept-Encoding", { append: true });
		if (!acceptsGzip(c.req.header("accept-encoding"))) return answer(c, body);
		let zipped = compressed.get(body);
		if (zipped === undefined) {
			// Off this thread: compressing costs as much as rendering.
			zipped = compress(body, { level: constants.Z_BEST_SPEED });
			compressed.set(body, zipped);
		}
		c.header("Content-Encoding", "gzip");
		return answer(c, await zipped);
	};
}

/** Counts scrapes until their answers have been read. */
class PendingScrapes {
	readonly #byPeer = new Map<string, number>();
	#all = 0;

	/** False where there are too many already. */
	add(peer: string, outgoing: ServerResponse | Http2ServerResponse): boolean {
		const own = this.#byPeer.get(peer) ?? 0;
		if (own >= MOST_OF_PEER || this.#all >= MOST_PENDING) return false;
		if (outgoing.destroyed) return true;
		this.#all += 1;
		this.#byPeer.set(peer, own + 1);
		outgoing.once("close", () => {
			this.#all -= 1;
			const left = (this.#byPeer.get(peer) ?? 1) - 1;
			if (left === 0) this.#byPeer.delete(peer);
			else this.#byPeer.set(peer, left);
		});
		return true;
	}
}

/** With its length, so that HEAD need not make the body to tell it. */
function answer(c: Parameters<RouteHandler>[0], bytes: Uint8Array): Response {
	c.header("Content-Length", String(bytes.length));
	// A response's types want bytes that are in no SharedArrayBuffer, as ours never are: this saves a copy.
	return c.body(bytes as Uint8Array<ArrayBuffer>);
}
