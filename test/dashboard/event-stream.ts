import { request } from "node:http";
import { connect, type Socket } from "node:net";

export interface StreamEvent {
	readonly event: string;
	readonly data: string;
	readonly id: string | undefined;
	/** On the clock of `performance.now()`. */
	readonly at: number;
}

/** A stream of server-sent events, read by its specification's rules as far as we use them. */
export interface EventStream {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly events: readonly StreamEvent[];
	readonly comments: readonly string[];
	readonly retry: () => string | undefined;
	/** Resolves when the server has ended it, with the time. */
	readonly ended: Promise<number>;
	readonly close: () => void;
}

export async function openEvents(
	url: string,
	headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
	const events: StreamEvent[] = [];
	const comments: string[] = [];
	let retry: string | undefined;
	return new Promise((resolve, reject) => {
		const sent = request(`${url}/api/events`, { headers, agent: false }, (response) => {
			let rest = "";
			response.setEncoding("utf8").on("data", (text: string) => {
				const blocks = (rest + text).split("\n\n");
				rest = blocks.pop() ?? "";
				for (const block of blocks) {
					const fields = new Map<string, string>();
					for (const line of block.split("\n")) {
						const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
						if (name === "") comments.push(value);
						else fields.set(name, value);
					}
					retry ??= fields.get("retry");
					const data = fields.get("data");
					if (data === undefined) continue;
					events.push({
						event: fields.get("event") ?? "message",
						data,
						id: fields.get("id"),
						at: performance.now(),
					});
				}
			});
			const ended = new Promise<number>((end) => response.once("close", () => end(performance.now())));
			response.on("error", () => undefined); // a reset is a way to end it
			resolve({
				status: response.statusCode ?? 0,
				headers: response.headers,
				events,
				comments,
				retry: () => retry,
				ended,
				close: () => sent.destroy(),
			});
		});
		sent.once("error", reject);
		sent.end();
	});
}

/** One that asks and never reads. */
export async function openUnread(url: string): Promise<Socket> {
	const { hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname);
	socket.on("error", () => undefined);
	await new Promise((resolve) => socket.once("connect", resolve));
	socket.pause();
	socket.write("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
	return socket;
}
