import { catchUp } from "../core/afterwards.ts";
import { MoneySum } from "../core/money.ts";
import { copySettledCall, type SettledCall } from "../core/settled-call.ts";
import { addSettlementListener } from "../core/settlement-listeners.ts";
import { Recorder } from "../metrics/recorder.ts";
import { readFamily, readMoney, type SeriesSnapshot } from "../metrics/snapshot.ts";
import { Call } from "../monitoring/call.ts";
import { clearRecorder } from "./clear-recorder.ts";
import { RecorderLayer } from "./recorder-layer.ts";
import { findMetric, type LabelQuery, matches } from "./series-query.ts";

/**
 * What has been recorded since {@link installTestRecorder}, for assertions. A name or a label that does not exist throws
 * `BAD_OPTION` with the near ones: a misspelt assertion must not pass.
 */
export class TestRecorder implements Disposable {
	readonly #layer = new RecorderLayer(new Recorder());
	readonly #calls: SettledCall[] = [];
	readonly #stopListening: () => void;

	/** @see installTestRecorder */
	constructor() {
		this.#stopListening = addSettlementListener({
			settled: (call) => {
				if (this.#isOurs(call)) this.#calls.push(copySettledCall(call));
			},
			recorded: () => undefined,
		});
	}

	/** The calls that have ended, in that order: what each listener sees of them, so nothing that anyone said. */
	get calls(): readonly SettledCall[] {
		catchUp();
		return [...this.#calls];
	}

	/**
	 * A counter's value, summed over the series that have all these labels; 0 where there is none. `llm_cost_usd_total` is
	 * in cents: {@link cost} has them exactly.
	 */
	counter(name: string, labels: LabelQuery = {}): number {
		return this.#sum("counter", name, labels, ({ value }) => value);
	}

	/** A gauge's value, summed over the series that have all these labels; 0 where there is none. */
	gauge(name: string, labels: LabelQuery = {}): number {
		return this.#sum("gauge", name, labels, ({ value }) => value);
	}

	/** How many observations a histogram has in the series that have all these labels, and their sum. */
	histogram(name: string, labels: LabelQuery = {}): { readonly count: number; readonly sum: number } {
		return {
			count: this.#sum("histogram", name, labels, ({ value }) => value),
			sum: this.#sum("histogram", name, labels, ({ histogram }) => histogram?.sum ?? 0),
		};
	}

	/** The exact cost in cents, as a decimal: "0.25" is a quarter of a cent. */
	cost(labels: LabelQuery = {}): string {
		const definition = findMetric("counter", "llm_cost_usd_total", labels);
		const sum = new MoneySum();
		for (const recorder of this.#layer.recorders) {
			for (const { labelSet, series } of readFamily(recorder, definition)) {
				if (series.some((one) => matches(one.labels, labels))) {
					sum.addSum(readMoney(recorder, definition, labelSet));
				}
			}
		}
		return sum.toCents();
	}

	/** Back to 0, and no calls; the gauge of calls under way stays, since they will end. */
	reset(): void {
		catchUp();
		this.#calls.length = 0;
		for (const recorder of this.#layer.recorders) clearRecorder(recorder);
	}

	/** Brings back what the process had before; once is enough. */
	restore(): void {
		this.#stopListening();
		this.#layer.remove();
	}

	[Symbol.dispose](): void {
		this.restore();
	}

	/** A call that another recorder counts, one that began before this one for example, is none of ours. */
	#isOurs(call: SettledCall): boolean {
		if (!(call instanceof Call) || call.recorder === undefined) return this.#layer.isOnTop;
		return this.#layer.recorders.includes(call.recorder);
	}

	#sum(
		type: "counter" | "gauge" | "histogram",
		name: string,
		labels: LabelQuery,
		valueOf: (series: SeriesSnapshot) => number,
	): number {
		const definition = findMetric(type, name, labels);
		return this.#layer.recorders
			.flatMap((recorder) => readFamily(recorder, definition).flatMap(({ series }) => series))
			.filter((series) => matches(series.labels, labels))
			.reduce((sum, series) => sum + valueOf(series), 0);
	}
}

/**
 * Installs an empty recorder for the process, so that a test can ask what its code has recorded instead of parsing text.
 * It hides the process's own until `restore()`; `getPrometheus()` gives its handle, and code under test may call
 * `initPrometheus()` as if nobody had. With `using` it is restored at the end of the block.
 *
 * @example
 * ```ts
 * import { recordLlmError } from "@hyperagent/observe/monitoring";
 * import { installTestRecorder } from "@hyperagent/observe/testing";
 *
 * const recorder = installTestRecorder();
 * recordLlmError("chat", "gpt-4-turbo", "timeout");
 * console.log(recorder.counter("llm_errors_total", { error_type: "timeout" })); // 1
 * recorder.restore();
 * ```
 */
export function installTestRecorder(): TestRecorder {
	return new TestRecorder();
}
