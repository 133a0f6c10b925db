import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { anthropicScript } from "./anthropic-script.ts";
import type { ApiName, ApiScript } from "./api-script.ts";
import { type EarlyClose, Exchange, type SeenRequest } from "./exchange.ts";
import { geminiScript } from "./gemini-script.ts";
import { openaiChatScript } from "./openai-chat-script.ts";
import { openaiResponsesScript } from "./openai-responses-script.ts";
import { playStep } from "./play-step.ts";
import { type Overrides, type ScenarioName, stepFor } from "./scenarios.ts";

const SCRIPTS: Readonly<Record<ApiName, ApiScript>> = {
	"openai-chat": openaiChatScript,
	"openai-responses": openaiResponsesScript,
	anthropic: anthropicScript,
	gemini: geminiScript,
};

/** What the server saw of one run. */
export interface Seen {
	/** In the order in which their bodies were complete. */
	readonly requests: readonly SeenRequest[];
	/** Resolves when a client first closes a connection before it has been sent everything; else never. */
	readonly closedEarly: Promise<EarlyClose>;
	/** The same, or `undefined` when nobody has left after so many milliseconds. */
	closedWithin(ms: number): Promise<EarlyClose | undefined>;
	/** Resolves when so many requests have come. */
	arrived(count: number): Promise<void>;
	/** Requests to paths that are not the API's. A test expects none. */
	readonly unexpected: readonly string[];
}

/** One run of a scenario. */
export interface Run {
	readonly api: ApiName;
	readonly scenario: ScenarioName;
	/** As the API's official client takes it. */
	readonly baseURL: string;
	readonly seen: Seen;
}

/**
 * A provider on loopback that speaks OpenAI's chat completions and responses, Anthropic's messages and Gemini's
 * generateContent, whole and as a stream. Each run has a base URL of its own, so that runs may go side by side.
 */
export class ScriptedProvider {
	readonly #server: Server;
	readonly #runs = new Map<string, ScriptedRun>();

	private constructor() {
		this.#server = createServer((request, response) => {
			this.#answer(request, response).catch((error: unknown) => {
				response.destroy(error instanceof Error ? error : new Error(String(error)));
			});
		});
	}

	static async start(): Promise<ScriptedProvider> {
		const provider = new ScriptedProvider();
		await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
		return provider;
	}

	/** Where the runs are: `<origin>/<run>/…`. */
	get origin(): string {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("The provider does not listen.");
		return `http://127.0.0.1:${address.port}`;
	}

	/** Begins a run. */
	script(api: ApiName, scenario: ScenarioName, overrides: Overrides = {}): Run {
		const id = `run-${this.#runs.size + 1}`;
		const run = new ScriptedRun(api, scenario, overrides, `${this.origin}/${id}${SCRIPTS[api].basePath}`);
		this.#runs.set(id, run);
		return run;
	}

	async close(): Promise<void> {
		for (const run of this.#runs.values()) run.letGo();
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.#server.closeAllConnections();
		await closed;
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const [, id = "", path = ""] = /^\/([^/]+)(.*)$/.exec(request.url ?? "") ?? [];
		const run = this.#runs.get(id);
		if (run === undefined) return void response.writeHead(418).end();
		await run.answer(new Exchange(request, response, path, Buffer.concat(chunks).toString()));
	}
}

class ScriptedRun implements Run, Seen {
	readonly api: ApiName;
	readonly scenario: ScenarioName;
	readonly baseURL: string;
	readonly requests: Exchange[] = [];
	readonly unexpected: string[] = [];
	readonly closedEarly: Promise<EarlyClose>;
	readonly #overrides: Overrides;
	readonly #closed = Promise.withResolvers<EarlyClose>();
	readonly #waiting = new Set<() => void>();

	constructor(api: ApiName, scenario: ScenarioName, overrides: Overrides, baseURL: string) {
		this.api = api;
		this.scenario = scenario;
		this.baseURL = baseURL;
		this.#overrides = overrides;
		this.closedEarly = this.#closed.promise;
	}

	get seen(): Seen {
		return this;
	}

	async closedWithin(ms: number): Promise<EarlyClose | undefined> {
		const waited = new AbortController();
		const timeout = sleep(ms, undefined, { signal: waited.signal }).catch(() => undefined);
		const closed = await Promise.race([this.closedEarly, timeout]);
		waited.abort();
		return closed;
	}

	async arrived(count: number): Promise<void> {
		while (this.requests.length < count) {
			const { promise, resolve } = Promise.withResolvers<void>();
			this.#waiting.add(resolve);
			await promise;
		}
	}

	async answer(exchange: Exchange): Promise<void> {
		const script = SCRIPTS[this.api];
		if (exchange.method !== "POST" || !script.owns(exchange.path.split("?", 1)[0] ?? "")) {
			this.unexpected.push(`${exchange.method} ${exchange.path}`);
			// A status that no library tries again.
			return exchange.end(418, {}, "The script knows no such path.");
		}
		const step = stepFor(this.scenario, this.requests.length, this.#overrides);
		this.requests.push(exchange);
		void exchange.closedEarly.then(this.#closed.resolve);
		for (const wake of this.#waiting) wake();
		this.#waiting.clear();
		await playStep(step, script, exchange, this.#overrides);
	}

	letGo(): void {
		for (const exchange of this.requests) exchange.letGo();
	}
}
