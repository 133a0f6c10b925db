import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { requireBinary } from "../services.ts";

/** One series of an answer; `value` is NaN or infinite where Prometheus says so. */
export interface Sample {
	/** Its labels as PromQL writes them, by name, without the metric's: `model="a",route="b"`. */
	readonly labels: string;
	readonly value: number;
}

/** Everything is optional. */
export interface ServerOptions {
	/** Further ones of its command line: `--enable-feature=native-histograms`. */
	readonly flags?: readonly string[];
	/** Further options of its scrape config. */
	readonly scrape?: Readonly<Record<string, unknown>>;
}

/** Long enough for a machine that is busy with something else. */
const PATIENCE_MS = 30_000;

/** A real Prometheus in a folder of its own that scrapes one target every second. */
export class PrometheusServer {
	readonly #child: ChildProcessByStdio<null, Readable, Readable>;
	readonly #folder: string;
	readonly #killAtExit = (): void => {
		this.#child.kill("SIGKILL");
	};
	#output = "";
	#problem: string | undefined;

	private constructor(binary: string, folder: string, config: string, flags: readonly string[]) {
		this.#folder = folder;
		// Port 0: Prometheus takes a free one and says which in its log, so no two can want the same.
		const options = [
			`--config.file=${config}`,
			`--storage.tsdb.path=${join(folder, "data")}`,
			"--web.listen-address=127.0.0.1:0",
			...flags,
		];
		this.#child = spawn(binary, options, { stdio: ["ignore", "pipe", "pipe"] });
		process.once("exit", this.#killAtExit);
		const read = (text: string): void => {
			this.#output += text;
		};
		this.#child.stdout.setEncoding("utf8").on("data", read);
		this.#child.stderr.setEncoding("utf8").on("data", read);
		this.#child.on("error", (error) => (this.#problem = `did not start: ${error.message}`));
		this.#child.on("exit", (code, signal) => (this.#problem = `ended with ${code ?? signal}`));
	}

	/**
	 * Resolves once the target has been scraped.
	 *
	 * @param target the URL of a server with `/metrics`: "http://127.0.0.1:8080"
	 */
	static async start(
		target: string,
		{ flags = [], scrape = {} }: ServerOptions = {},
	): Promise<PrometheusServer> {
		const binary = requireBinary("prometheus");
		const folder = await mkdtemp(join(tmpdir(), "hyperagent-prometheus-"));
		const config = join(folder, "prometheus.yml");
		// JSON is YAML.
		const job = { job_name: "hyperagent", static_configs: [{ targets: [new URL(target).host] }], ...scrape };
		const global = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" };
		await writeFile(config, JSON.stringify({ global, scrape_configs: [job] }));
		const server = new PrometheusServer(binary, folder, config, flags);
		try {
			await server.#until("scrape its target", async () => (await server.query("up"))[0]?.value === 1);
			return server;
		} catch (error) {
			await server.stop();
			throw error;
		}
	}

	/**
	 * Evaluates an instant query over the HTTP API.
	 *
	 * @param at seconds since the epoch; now, unless given
	 * @throws Error with the query and what Prometheus says of it
	 */
	async query(expr: string, at?: number): Promise<readonly Sample[]> {
		const time = at === undefined ? undefined : { time: String(at) };
		const response = await fetch(`${this.#url()}/api/v1/query`, {
			method: "POST",
			body: new URLSearchParams({ query: expr, ...time }),
		});
		const text = await response.text();
		const sayWhy = (): Error => this.#failure(`did not evaluate ${expr}: ${text}`);
		if (!response.ok) throw sayWhy();
		const { data, status }: ApiAnswer = JSON.parse(text);
		if (status !== "success" || data.resultType !== "vector") throw sayWhy();
		return data.result.map(({ metric, value }) => ({ labels: writeLabels(metric), value: Number(value[1]) }));
	}

	/** Resolves once that many scrapes have begun after this call, and are stored. */
	async waitForScrapes(count: number): Promise<void> {
		for (let i = 0; i < count; i += 1) {
			const now = Date.now() / 1000;
			const isLater = ({ value }: Sample): boolean => value > now;
			const isScraped = async (): Promise<boolean> =>
				(await this.query("timestamp(up) and up == 1")).some(isLater);
			await this.#until("scrape again", isScraped);
		}
	}

	/** Ends it and removes its folder. */
	async stop(): Promise<void> {
		process.off("exit", this.#killAtExit);
		if (this.#problem === undefined) {
			const exited = once(this.#child, "exit");
			this.#child.kill("SIGKILL"); // its data is thrown away anyway
			await exited;
		}
		await rm(this.#folder, { recursive: true, force: true });
	}

	async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
		const deadline = Date.now() + PATIENCE_MS;
		let cause: unknown;
		while (Date.now() < deadline && this.#problem === undefined) {
			try {
				if (this.#address() !== undefined && (await isSo())) return;
			} catch (error) {
				cause = error;
			}
			await sleep(100);
		}
		throw this.#failure(this.#problem ?? `did not ${what} within ${PATIENCE_MS} ms`, cause);
	}

	#address(): string | undefined {
		return /msg="Listening on".* address=(\S+)/.exec(this.#output)?.[1];
	}

	#url(): string {
		const address = this.#address();
		if (address === undefined) throw this.#failure("does not listen");
		return `http://${address}`;
	}

	#failure(what: string, cause?: unknown): Error {
		return new Error(`Prometheus ${what}\nIts output:\n${this.#output}`, { cause });
	}
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
interface ApiAnswer {
	readonly status: string;
	readonly data: {
		readonly resultType: string;
		readonly result: readonly {
			readonly metric: Readonly<Record<string, string>>;
			readonly value: readonly [seconds: number, value: string];
		}[];
	};
}

/** What every series has from the scrape says nothing here. */
const OF_THE_SCRAPE: ReadonlySet<string> = new Set(["__name__", "instance", "job"]);

function writeLabels(labels: Readonly<Record<string, string>>): string {
	return Object.entries(labels)
		.filter(([name]) => !OF_THE_SCRAPE.has(name))
		.toSorted(([a], [b]) => (a < b ? -1 : 1))
		.map(([name, value]) => `${name}=${JSON.stringify(value)}`)
		.join(",");
}
