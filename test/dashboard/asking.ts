import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { DashboardServer, type DashboardServerOptions } from "../../src/dashboard/index.ts";
import { CostTracker } from "../../src/monitoring/index.ts";

/** Says nothing. */
export const QUIET = { info: (): void => {}, warn: (): void => {}, error: (): void => {} };

const costs = new CostTracker();
const open: DashboardServer[] = [];

export async function startServer(
	options: DashboardServerOptions = {},
	address = "127.0.0.1:0",
): Promise<DashboardServer> {
	const server = new DashboardServer(costs, { logger: QUIET, ...options });
	open.push(server);
	await server.run(address);
	return server;
}

export async function closeServers(): Promise<void> {
	await Promise.all(open.splice(0).map(async (server) => server.close()));
}

export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly text: string;
}

/** Node's own client: it sends exactly these headers, follows nothing and keeps no cookie. */
export async function ask(
	url: string,
	headers: Readonly<Record<string, string>> = {},
	method = "GET",
	body = "",
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const sent = request(url, { method, headers, agent: false }, (response) => {
			let text = "";
			response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
			response.once("error", reject);
			response.once("end", () => {
				resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
			});
		});
		sent.once("error", reject);
		sent.end(body);
	});
}

/** As a browser's form does. */
export async function post(
	url: string,
	fields: Readonly<Record<string, string>>,
	headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
	const form = {
		"Content-Type": "application/x-www-form-urlencoded",
		Origin: new URL(url).origin,
		"Sec-Fetch-Site": "same-origin",
	};
	return ask(url, { ...form, ...headers }, "POST", String(new URLSearchParams(fields)));
}

/** The cookie of an answer, as a browser would send it back; "" where there is none. */
export function cookieOf({ headers }: Answer): string {
	const [cookie = ""] = headers["set-cookie"] ?? [];
	return cookie.split(";")[0] ?? "";
}

/** Sends these very bytes; `text` resolves with what came back once the server has hung up. */
export async function raw(url: string, bytes: string): Promise<{ socket: Socket; text: Promise<string> }> {
	const { hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname.replaceAll(/[[\]]/g, ""));
	let received = "";
	socket.setEncoding("utf8").on("data", (text: string) => (received += text));
	socket.on("error", () => undefined); // a reset is a way to hang up
	const text = new Promise<string>((resolve) => socket.once("close", () => resolve(received)));
	await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), text]);
	socket.write(bytes);
	return { socket, text };
}

/** An address of this machine that is not loopback, where it has one. */
export const ownAddress: string | undefined = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
