import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CallsAnswer } from "../../src/dashboard/calls-answer.ts";
import { loadPageFiles, type PageFile } from "../../src/dashboard/page-files.ts";
import { SECURITY_HEADERS } from "../../src/dashboard/security-headers.ts";
import type { SeriesAnswer } from "../../src/dashboard/series-answer.ts";
import type { DashboardStats } from "../../src/dashboard/stats.ts";

/** What the page asks for, answered by the test: numbers that a real program seldom has, and time that passes faster. */
export interface CannedAnswers {
	stats: () => DashboardStats;
	series: (parameters: URLSearchParams) => SeriesAnswer;
	calls: (parameters: URLSearchParams) => CallsAnswer;
}

/** Serves the built page, under the headers that the real server sends, on a port of its own. */
export class CannedPageServer {
	readonly #answers: CannedAnswers;
	readonly #listeners = new Set<ServerResponse>();
	readonly #server: Server;
	readonly #files: readonly PageFile[];
	#settled = 0;
	/** What was asked of `/api`, the oldest first. */
	readonly asked: string[] = [];
	/** While it is set, `/api/series` has this status and says this. */
	failure: { readonly status: number; readonly error: string } | undefined;

	private constructor(answers: CannedAnswers, files: readonly PageFile[]) {
		this.#answers = answers;
		this.#files = files;
		this.#server = createServer((request, response) => this.#answer(request, response));
	}

	static async start(answers: CannedAnswers): Promise<CannedPageServer> {
		const started = new CannedPageServer(answers, await loadPageFiles(undefined));
		await new Promise<void>((resolve) => started.#server.listen(0, "127.0.0.1", resolve));
		return started;
	}

	get url(): string {
		// It listens on a port, not on a pipe.
		const { port } = this.#server.address() as AddressInfo;
		return `http://127.0.0.1:${port}`;
	}

	/** Tells all pages the stats of now, and that a call has ended. */
	push(): void {
		this.#settled += 1;
		for (const response of this.#listeners) this.#tell(response);
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#tell(response: ServerResponse): void {
		const stats = JSON.stringify(this.#answers.stats());
		response.write(`event: stats\ndata: ${stats}\n\nevent: calls\ndata: ${this.#settled}\n\n`);
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
		const file = this.#files.find(({ path }) => path === pathname);
		if (file !== undefined) {
			response.writeHead(200, { ...SECURITY_HEADERS, "Content-Type": file.contentType }).end(file.body);
			return;
		}
		this.asked.push(request.url ?? "");
		if (pathname === "/api/events") {
			response.writeHead(200, { "Content-Type": "text/event-stream" });
			this.#listeners.add(response);
			request.on("close", () => this.#listeners.delete(response));
			this.#tell(response);
			return;
		}
		const isFailing = pathname === "/api/series" && this.failure !== undefined;
		const body = isFailing ? this.failure : this.#api(pathname, searchParams);
		const status = isFailing ? this.failure?.status : body === undefined ? 404 : 200;
		response.writeHead(status ?? 500, { "Content-Type": "application/json" }).end(JSON.stringify(body ?? {}));
	}

	#api(pathname: string, parameters: URLSearchParams): unknown {
		if (pathname === "/api/stats") return this.#answers.stats();
		if (pathname === "/api/series") return this.#answers.series(parameters);
		return pathname === "/api/calls" ? this.#answers.calls(parameters) : undefined;
	}
}
