import { HyperAgentError } from "../core/hyperagent-error.ts";
import {
	type CostTracker,
	getPrometheus,
	initPrometheus,
	type PrometheusHandle,
} from "../monitoring/index.ts";
import { isPrometheusInstalled } from "../monitoring/prometheus.ts";
import { hashToken, isLoopback } from "./access.ts";
import { createApp } from "./app.ts";
import {
	DEFAULT_ADDRESS,
	formatAddress,
	type ListenAddress,
	parseListenAddress,
	urlOf,
} from "./listen-address.ts";
import { HttpServer } from "./http-server.ts";
import { type DashboardLogger, DEFAULT_LOGGER, guardedLogger } from "./logger.ts";
import { loadPageFiles, type PageFile } from "./page-files.ts";
import { checkServerOptions } from "./server-options.ts";
import { StatsCollector } from "./stats-collector.ts";

/** Everything is optional. */
export interface DashboardServerOptions {
	/**
	 * Visible ASCII characters. Whoever sends it sees the page, `/api/stats` and `/api/costs`, from any machine: as
	 * `Authorization: Bearer <token>`, or in a browser, which asks, as the password with any user name. Once it is set,
	 * this machine needs it too, for a reverse proxy here speaks for others. Without it only programs on this machine see
	 * them, and nobody through a proxy that says it is one (`Forwarded`, `X-Forwarded-*`, `X-Real-IP`, `Via`).
	 * `/metrics`, `/health` and `/ready` are open to all.
	 */
	readonly authToken?: string | undefined;
	/** Shown on top of the page: "Simulated data". */
	readonly notice?: string | undefined;
	/** Default: warnings and errors go to `process.emitWarning`. What it throws harms nothing. */
	readonly logger?: DashboardLogger | undefined;
}

/**
 * Serves `/metrics`, `/health`, `/ready`, `/api/stats`, `/api/costs` and the page at `/`, on the installed recorder; it installs one
 * where there is none.
 *
 * @example
 * ```ts
 * import { CostTracker, initPrometheus } from "@hyperagent/observe/monitoring";
 * import { DashboardServer } from "@hyperagent/observe/dashboard";
 *
 * initPrometheus();
 * const server = new DashboardServer(new CostTracker());
 * await server.run("127.0.0.1:0"); // a free port; without an address 127.0.0.1:8080
 * const { status } = await fetch(`${server.url}/metrics`);
 * console.log(status); // 200
 * await server.close();
 * ```
 */
export class DashboardServer {
	readonly #handle: PrometheusHandle;
	readonly #stats: StatsCollector;
	readonly #options: DashboardServerOptions;
	readonly #logger: DashboardLogger;
	#server: HttpServer | undefined;
	#starting: Promise<string> | undefined;
	#closing: Promise<void> | undefined;
	#url: string | undefined;

	/** @throws HyperAgentError `BAD_OPTION` saying what was expected */
	constructor(costTracker: CostTracker, options: DashboardServerOptions = {}) {
		checkServerOptions(costTracker, options);
		this.#handle = isPrometheusInstalled() ? getPrometheus() : initPrometheus();
		this.#options = options;
		this.#logger = guardedLogger(options.logger ?? DEFAULT_LOGGER);
		this.#stats = new StatsCollector(this.#handle, costTracker, options.notice);
	}

	/**
	 * Where this machine reaches the server, without a slash at the end: "http://127.0.0.1:8080".
	 *
	 * @throws HyperAgentError `NOT_INITIALIZED` before {@link run} has resolved
	 */
	get url(): string {
		if (this.#url !== undefined) return this.#url;
		throw new HyperAgentError(
			"NOT_INITIALIZED",
			"DashboardServer.url: not listening yet. Await run() first.",
		);
	}

	/**
	 * Listens, and keeps the process alive until {@link close}. Beyond loopback it warns once.
	 *
	 * @param address "host:port"; port 0 takes a free one. Default 127.0.0.1:8080.
	 * @returns the {@link url}, once it listens
	 * @throws HyperAgentError `BAD_OPTION` for a bad address, `LISTEN_FAILED` naming the address and the cure,
	 * `ALREADY_INITIALIZED` where it runs or has been closed
	 */
	async run(address: string = DEFAULT_ADDRESS): Promise<string> {
		const parsed = parseListenAddress(address);
		if (this.#starting !== undefined || this.#closing !== undefined) {
			throw new HyperAgentError(
				"ALREADY_INITIALIZED",
				`DashboardServer.run(): this server ${this.#closing === undefined ? "runs already" : "has been closed"}. Make a new DashboardServer for another address.`,
			);
		}
		this.#starting = this.#start(parsed);
		try {
			return await this.#starting;
		} catch (error) {
			this.#starting = undefined; // another address may do
			throw error;
		}
	}

	/** Stops listening, lets answers under way finish for two seconds, and ends every connection. */
	async close(): Promise<void> {
		this.#closing ??= this.#close();
		await this.#closing;
	}

	async #start(wanted: ListenAddress): Promise<string> {
		const { authToken } = this.#options;
		const app = createApp({
			handle: this.#handle,
			collect: () => this.#stats.collect(),
			isReady: () => this.#closing === undefined,
			page: await this.#page(),
			policy: {
				boundHost: wanted.host,
				tokenHash: authToken === undefined ? undefined : hashToken(authToken),
			},
			logger: this.#logger,
		});
		const server = await HttpServer.listen(app, wanted, ({ message }) =>
			this.#logger.error(`DashboardServer: ${message}`),
		);
		this.#server = server;
		this.#stats.window.start();
		this.#url = urlOf({ host: wanted.host, port: server.bound.port });
		this.#logger.info(`DashboardServer: listening on ${this.#url}`);
		if (!isLoopback(server.bound.host)) this.#logger.warn(exposedWarning(server.bound, authToken));
		return this.#url;
	}

	/** Where a bundler left the page behind, everything else works all the same. */
	async #page(): Promise<readonly PageFile[]> {
		try {
			return await loadPageFiles(this.#options.notice);
		} catch (error) {
			this.#logger.warn(`DashboardServer: the page's files are missing, so / answers 404: ${String(error)}`);
			return [];
		}
	}

	async #close(): Promise<void> {
		await this.#starting?.catch(() => undefined); // run() tells its caller
		this.#stats.window.stop();
		await this.#server?.close();
	}
}

function exposedWarning(bound: ListenAddress, authToken: string | undefined): string {
	const open = `DashboardServer listens on ${formatAddress(bound)}, beyond this machine: everybody gets /metrics, /health and /ready`;
	return authToken === undefined
		? `${open}, and other machines 401 for the rest. Set authToken to let them see the page.`
		: `${open}; the rest needs the authToken. It travels unencrypted unless a TLS proxy stands in front.`;
}
