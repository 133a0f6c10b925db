import { HyperAgentError } from "../core/hyperagent-error.ts";
import {
	type CostTracker,
	getPrometheus,
	initPrometheus,
	type PrometheusHandle,
} from "../monitoring/index.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { isPrometheusInstalled } from "../monitoring/prometheus.ts";
import { type AccessPolicy, isLoopback } from "./access.ts";
import { type App, createApp, createMetricsApp } from "./app.ts";
import { EventHub } from "./event-hub.ts";
import { FailureThrottle } from "./failure-throttle.ts";
import { HistoryAnswers } from "./history-answers.ts";
import { LedgerFiguresReader } from "./ledger-figures.ts";
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
import { cookieName } from "./session-cookie.ts";
import { Sessions } from "./sessions.ts";
import { SettledCount } from "./settled-count.ts";
import type { DashboardStats } from "./stats.ts";
import { StatsCollector } from "./stats-collector.ts";
import { hashToken } from "./token.ts";

/** Everything is optional. */
export interface DashboardServerOptions {
	/**
	 * Visible ASCII characters. Whoever has it sees the page and everything under `/api/`, from any machine: a program sends
	 * it as `Authorization: Bearer <token>`, a browser is asked for it by a form at `/login`. Once it is set, this machine
	 * needs it too, for a reverse proxy here speaks for others. Without it only programs on this machine see them, and
	 * nobody through a proxy that says it is one (`Forwarded`, `X-Forwarded-*`, `X-Real-IP`, `Via`). `/metrics`, `/health`
	 * and `/ready` are open to all. Wrong tokens are throttled: see docs/decisions/0010-the-servers-doors.md.
	 */
	readonly authToken?: string | undefined;
	/** Lets everybody see everything, from everywhere. Only where something else keeps the world out. */
	readonly allowUnauthenticated?: boolean | undefined;
	/** Serves `/metrics`, `/health` and `/ready`, and nothing else, at this "host:port" as well. */
	readonly metricsAddress?: string | undefined;
	/** What `/metrics` needs as a Bearer token, at both addresses; the `authToken` opens it too. */
	readonly metricsToken?: string | undefined;
	/** Origins such as "https://ops.example.com" whose pages may read answers, by the token. None unless given. */
	readonly corsOrigins?: readonly string[] | undefined;
	/** The most connections at a time; further ones are closed at once. 2,000 unless given. */
	readonly maxConnections?: number | undefined;
	/** The most `/api/events` at a time, one for each open page; further ones get 503. 500 unless given. */
	readonly maxEventStreams?: number | undefined;
	/** How long a browser that has logged in, and does not come back, stays so. 168 unless given. */
	readonly sessionHours?: number | undefined;
	/** Shown on top of the page: "Simulated data". */
	readonly notice?: string | undefined;
	/** Default: warnings and errors go to `process.emitWarning`. What it throws harms nothing. */
	readonly logger?: DashboardLogger | undefined;
}

/**
 * Serves `/metrics`, `/health`, `/ready`, the page at `/` and what it is made of under `/api/`, on the installed recorder; it
 * installs one where there is none. History comes from the ledger that is open in the process; where none is, the server
 * remembers the last calls in memory for as long as it runs.
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
	readonly #settled: SettledCount = new SettledCount();
	readonly #history: HistoryAnswers;
	readonly #figures: LedgerFiguresReader;
	readonly #events: EventHub;
	readonly #servers: HttpServer[] = [];
	#starting: Promise<string> | undefined;
	#closing: Promise<void> | undefined;
	#url: string | undefined;
	#metricsUrl: string | undefined;

	/** @throws HyperAgentError `BAD_OPTION` saying what was expected */
	constructor(costTracker: CostTracker, options: DashboardServerOptions = {}) {
		checkServerOptions(costTracker, options);
		this.#handle = isPrometheusInstalled() ? getPrometheus() : initPrometheus();
		this.#options = options;
		this.#logger = guardedLogger(options.logger ?? DEFAULT_LOGGER);
		this.#stats = new StatsCollector(this.#handle, costTracker, options.notice);
		const settled = (): number => this.#settled.value;
		const onError = (error: unknown): void => this.#logger.error(`DashboardServer: ${String(error)}`);
		this.#history = new HistoryAnswers(
			(message, cause) => reportInternalError("ledger", message, cause),
			() => this.#events.told,
		);
		this.#figures = new LedgerFiguresReader(() => this.#history.ledger, settled, onError);
		this.#events = new EventHub({
			collect: async () => this.#collect(),
			settled,
			maxClients: options.maxEventStreams ?? 500,
			onError,
		});
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
	 * The same of `metricsAddress`; `undefined` where none was given.
	 *
	 * @throws HyperAgentError `NOT_INITIALIZED` before {@link run} has resolved
	 */
	get metricsUrl(): string | undefined {
		return this.url === "" ? undefined : this.#metricsUrl;
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

	/** Stops listening, ends event streams, lets other answers finish for two seconds, and ends every connection. */
	async close(): Promise<void> {
		this.#closing ??= this.#close();
		await this.#closing;
	}

	async #start(wanted: ListenAddress): Promise<string> {
		const { allowUnauthenticated = false, authToken, corsOrigins = [], metricsAddress } = this.#options;
		const { maxConnections, metricsToken, sessionHours = 168 } = this.#options;
		const page = await this.#page();
		const policyAt = await this.#policy(wanted, sessionHours * 3_600_000);
		const parts = {
			handle: this.#handle,
			collect: async () => this.#collect(),
			history: this.#history,
			events: this.#events,
			isReady: () => this.#closing === undefined,
			page,
			corsOrigins,
			logger: this.#logger,
		};
		const onError = ({ message }: Error): void => this.#logger.error(`DashboardServer: ${message}`);
		const limits = maxConnections === undefined ? {} : { maxConnections };
		const listen = async (
			address: ListenAddress,
			create: (policy: AccessPolicy) => App,
		): Promise<HttpServer> => {
			const server = await HttpServer.listen((bound) => create(policyAt(bound)), address, onError, limits);
			this.#servers.push(server);
			return server;
		};
		const server = await listen(wanted, (policy) => createApp({ ...parts, policy }));
		if (metricsAddress !== undefined) {
			const address = parseListenAddress(metricsAddress);
			try {
				const { bound } = await listen(address, (policy) => createMetricsApp({ ...parts, policy }));
				this.#metricsUrl = urlOf({ host: address.host, port: bound.port });
				this.#logger.info(`DashboardServer: /metrics alone is on ${this.#metricsUrl}`);
			} catch (error) {
				// Half a server is none.
				this.#servers.length = 0;
				await server.close();
				throw error;
			}
		}
		this.#settled.start();
		this.#history.open();
		this.#stats.window.start();
		this.#url = urlOf({ host: wanted.host, port: server.bound.port });
		this.#logger.info(`DashboardServer: listening on ${this.#url}`);
		const isOpen = authToken === undefined && metricsToken === undefined;
		if (!isLoopback(server.bound.host)) {
			this.#logger.warn(exposedWarning(server.bound, this.#options));
		} else if (allowUnauthenticated && isOpen) {
			this.#logger.info("DashboardServer: who reaches it sees everything (allowUnauthenticated).");
		}
		return this.#url;
	}

	/** What is the same at all addresses, and what is not. */
	async #policy(wanted: ListenAddress, lifeMs: number): Promise<(bound: ListenAddress) => AccessPolicy> {
		const { allowUnauthenticated = false, authToken, metricsToken } = this.#options;
		const hash = (token: string | undefined): Buffer | undefined =>
			token === undefined ? undefined : hashToken(token);
		const sessions =
			authToken === undefined
				? undefined
				: await Sessions.open(authToken, lifeMs, (id) => this.#events.endSession(id));
		const shared = {
			tokenHash: hash(authToken),
			metricsTokenHash: hash(metricsToken),
			allowUnauthenticated,
			sessions,
			throttle: new FailureThrottle((key) =>
				this.#logger.warn(
					`DashboardServer: ten wrong tokens came from ${key} within a minute; none from there is looked at until it is over.`,
				),
			),
		};
		return ({ port }) => ({ ...shared, boundHost: wanted.host, cookie: cookieName(port) });
	}

	async #collect(): Promise<DashboardStats> {
		return this.#stats.collect(await this.#figures.read());
	}

	/** Where a bundler left the page behind, everything else works all the same. */
	async #page(): Promise<readonly PageFile[]> {
		try {
			return await loadPageFiles(this.#options.notice);
		} catch (error) {
			this.#logger.warn(`DashboardServer: the page's files are missing, so / answers 503: ${String(error)}`);
			return [];
		}
	}

	async #close(): Promise<void> {
		await this.#starting?.catch(() => undefined); // run() tells its caller
		this.#stats.window.stop();
		this.#settled.stop();
		this.#events.close();
		await Promise.all(this.#servers.map(async (server) => server.close()));
		await this.#history.close();
	}
}

function exposedWarning(
	bound: ListenAddress,
	{ allowUnauthenticated, authToken, metricsToken }: DashboardServerOptions,
): string {
	const where = `DashboardServer listens on ${formatAddress(bound)}, beyond this machine`;
	if (allowUnauthenticated === true)
		return `${where}, and everybody who reaches it sees everything (allowUnauthenticated). Keep others out by something else.`;
	const open = `${where}: everybody gets ${metricsToken === undefined ? "/metrics, /health and /ready" : "/health and /ready"}`;
	return authToken === undefined
		? `${open}, and other machines 401 for the rest. Set authToken to let them see the page.`
		: `${open}; the rest needs the authToken. It travels unencrypted unless a TLS proxy stands in front.`;
}
