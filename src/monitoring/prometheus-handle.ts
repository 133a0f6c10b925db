import { HyperAgentError } from "../core/hyperagent-error.ts";
import { CONTENT_TYPES, Exposition } from "../exposition/exposition.ts";
import type { ReadableRegistry } from "../exposition/foreign-families.ts";
import { IncludedRegistries } from "../exposition/included-registries.ts";
import type { MetricProducer } from "../exposition/metric-producer.ts";
import { type MetricRegistry, registerFamilies } from "../exposition/metric-registry.ts";
import { negotiate } from "../exposition/negotiate.ts";
import { checkMetricNames, type MetricNames, produceMetrics } from "../exposition/open-telemetry.ts";
import type { ConstantLabels, ForeignFamily } from "../exposition/source.ts";
import { TEXT_CONTENT_TYPE } from "../exposition/text-format.ts";
import { openBudgets } from "../ledger/open-budgets.ts";
import { openLedgers } from "../ledger/open-ledgers.ts";
import { CATALOG, type MetricDefinition } from "../metrics/catalog.ts";
import type { Recorder } from "../metrics/recorder.ts";
import { type MetricsSnapshot, readFamily, type SeriesSnapshot, takeSnapshot } from "../metrics/snapshot.ts";
import { type FamilySums, sumFamily } from "../metrics/sums.ts";
import { reportInternalError } from "./internal-errors.ts";
import { priceBook } from "./observer.ts";

/** What a scraper asks for. */
export interface ScrapeRequest {
	/** Its `Accept` header; without one it gets text. */
	readonly accept?: string | undefined;
	/** Only these families; all of them unless given. */
	readonly names?: readonly string[] | undefined;
}

/** What a scraper gets. */
export interface Scrape {
	readonly contentType: string;
	/** Never changed: an equal answer to the next scrape may be the same bytes. */
	readonly body: Uint8Array;
}

/** Gives out what has been recorded. */
export class PrometheusHandle {
	/** The `Content-Type` of {@link render}'s text. */
	readonly contentType: string = TEXT_CONTENT_TYPE;
	/** When the recorder was installed, in milliseconds since the epoch: all counters were 0 then. */
	readonly since: number = Date.now();
	readonly #recorder: Recorder;
	readonly #exposition: Exposition;
	readonly #constantLabels: ConstantLabels;
	/** Whether there ever was a ledger: none of which is open has nothing pending. */
	#hasLedger = false;
	readonly #included = new IncludedRegistries((message, cause) =>
		reportInternalError("exposition", message, cause),
	);

	constructor(recorder: Recorder, labels: ConstantLabels, createdSeries: boolean) {
		this.#recorder = recorder;
		// A copy: what happens to the caller's object must not reach half of the series.
		const constantLabels = { ...labels };
		this.#constantLabels = constantLabels;
		const readForeign = (): Promise<readonly ForeignFamily[]> => this.#included.read();
		this.#exposition = new Exposition(recorder, { constantLabels, createdSeries, readForeign });
	}

	/**
	 * All series in the Prometheus text format 0.0.4, as of one instant. Those of included registries ({@link include})
	 * are not in it, because a registry answers asynchronously.
	 *
	 * @example
	 * ```ts
	 * import { getPrometheus, initPrometheus, recordLlmCost } from "@hyperagent/observe/monitoring";
	 *
	 * initPrometheus();
	 * recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	 * console.log(getPrometheus().render().includes('llm_cost_usd_total{route="chat",model="gpt-4-turbo"} 0.25')); // true
	 * ```
	 */
	render(): string {
		this.#collect();
		return this.#exposition.renderText();
	}

	/**
	 * What `/metrics` answers, in the format that the scraper asks for: text 0.0.4, OpenMetrics or protobuf. Rendering
	 * lets the event loop go on, and scrapes at the same time share one.
	 *
	 * @throws HyperAgentError `BAD_OPTION`
	 * @example
	 * ```ts
	 * import { initPrometheus } from "@hyperagent/observe/monitoring";
	 *
	 * const prometheus = initPrometheus({ routes: ["chat"], models: ["gpt-4-turbo"] });
	 * const { body, contentType } = await prometheus.scrape({ accept: "application/openmetrics-text" });
	 * console.log(contentType); // "application/openmetrics-text; version=1.0.0; charset=utf-8"
	 * console.log(new TextDecoder().decode(body).endsWith("# EOF\n")); // true
	 * ```
	 */
	async scrape({ accept, names }: ScrapeRequest = {}): Promise<Scrape> {
		checkScrape(accept, names);
		this.#collect();
		const format = negotiate(accept);
		const body = await this.#exposition.render(format, names === undefined ? undefined : new Set(names));
		return { contentType: CONTENT_TYPES[format], body };
	}

	/** The same as plain data, for programs. */
	snapshot(): MetricsSnapshot {
		this.#collect();
		return takeSnapshot(this.#recorder);
	}

	/** The series of one family as plain data; none where there is no family of that name. */
	family(name: string): readonly SeriesSnapshot[] {
		const definition = CATALOG.find((one) => one.name === name);
		if (definition === undefined) return [];
		return readFamily(this.#recorder, definition).flatMap(({ series }) => series);
	}

	/** One family added up over all its label sets: cheap, however many there are. */
	sums(name: string): FamilySums {
		return sumFamily(this.#recorder, name);
	}

	/**
	 * Puts our metrics into a registry of `prom-client` 15 or `@prometheus-io/client` 0.16, for programs that serve one
	 * already. They are read when the registry is; its `resetMetrics()` does not touch them. The function that comes back
	 * takes them out again.
	 *
	 * @throws HyperAgentError `BAD_OPTION` where a metric of such a name is there already: nothing is registered then
	 * @example
	 * ```ts
	 * import { initPrometheus } from "@hyperagent/observe/monitoring";
	 * import { register } from "prom-client";
	 *
	 * initPrometheus().registerInto(register);
	 * console.log((await register.metrics()).includes("# TYPE llm_latency_ms histogram")); // true
	 * ```
	 */
	registerInto(registry: MetricRegistry): () => void {
		const read = (definition: MetricDefinition): readonly SeriesSnapshot[] => {
			this.#collect();
			return readFamily(this.#recorder, definition).flatMap(({ series }) => series);
		};
		return registerFamilies(registry, this.#constantLabels, read);
	}

	/**
	 * Lets the metrics of another registry, Node.js' own from `collectDefaultMetrics()` say, stand behind ours on
	 * `/metrics`. A metric whose name is taken is left out; that, and a registry that throws or needs more than a second,
	 * is told to `onError` once. The function that comes back leaves them out again.
	 *
	 * @throws HyperAgentError `BAD_OPTION` where the registry is included already
	 * @example
	 * ```ts
	 * import { initPrometheus } from "@hyperagent/observe/monitoring";
	 * import { collectDefaultMetrics, register } from "prom-client";
	 *
	 * collectDefaultMetrics();
	 * const prometheus = initPrometheus();
	 * prometheus.include(register);
	 * const families = await prometheus.foreignFamilies();
	 * console.log(families.some(({ name }) => name === "nodejs_heap_size_used_bytes")); // true
	 * ```
	 */
	include(registry: ReadableRegistry): () => void {
		return this.#included.add(registry);
	}

	/** The metrics of the included registries, as of now; never rejects. */
	foreignFamilies(): Promise<readonly ForeignFamily[]> {
		return this.#included.read();
	}

	/**
	 * A source for the `metricProducers` of an OpenTelemetry metric reader: cumulative sums and histograms that start when
	 * their label set was first used.
	 *
	 * @param options.names see {@link MetricNames}; `gen_ai` by default
	 * @throws HyperAgentError `BAD_OPTION` for other names
	 * @example
	 * ```ts
	 * import { initPrometheus } from "@hyperagent/observe/monitoring";
	 * import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
	 *
	 * const producer = initPrometheus().metricProducer();
	 * const exporter = new ConsoleMetricExporter();
	 * const reader = new PeriodicExportingMetricReader({ exporter, metricProducers: [producer] });
	 * const provider = new MeterProvider({ readers: [reader] });
	 * const { resourceMetrics } = await producer.collect();
	 * console.log(resourceMetrics.scopeMetrics[0]?.scope.name); // @hyperagent/observe
	 * ```
	 */
	metricProducer({ names = "gen_ai" }: { readonly names?: MetricNames } = {}): MetricProducer {
		checkMetricNames(names);
		const collect: MetricProducer["collect"] = async () => {
			this.#collect();
			return produceMetrics(this.#recorder, this.#constantLabels, names);
		};
		return { collect };
	}

	#collect(): void {
		this.#hasLedger ||= openLedgers.size > 0;
		if (this.#hasLedger) {
			let pending = 0;
			for (const { state } of openLedgers) pending += state.pendingRows;
			this.#recorder.ledgerPending(pending);
		}
		for (const budget of openBudgets.values()) {
			this.#recorder.budget(budget.name, budget.limit, budget.spent, budget.state.blockedCalls);
		}
		try {
			// To the minute: a text in which nothing else has changed is the same bytes then.
			this.#recorder.priceBookAge(Math.floor(priceBook().ageSeconds(Date.now()) / 60) * 60);
		} catch (cause) {
			reportInternalError("pricing", "The age of the prices could not be read.", cause);
		}
	}
}

function checkScrape(accept: unknown, names: unknown): void {
	const isAccept = accept === undefined || typeof accept === "string";
	const isNames =
		names === undefined || (Array.isArray(names) && names.every((name) => typeof name === "string"));
	if (isAccept && isNames) return;
	const what = isAccept ? "a list of family names at `names`" : "an Accept header's text at `accept`";
	throw new HyperAgentError("BAD_OPTION", `scrape(): expected ${what}, or nothing.`);
}
