import type { SettledCall } from "../../src/core/settled-call.ts";
import { addSettlementListener } from "../../src/core/settlement-listeners.ts";
import type { PrometheusHandle } from "../../src/monitoring/index.ts";

/** Reads what was counted, by the labels that matter. */
export class Counted {
	/** Every call that has ended since. */
	readonly calls: SettledCall[] = [];
	readonly #handle: PrometheusHandle;

	constructor(handle: PrometheusHandle) {
		this.#handle = handle;
		addSettlementListener({ settled: (call) => this.calls.push(call), recorded: () => undefined });
	}

	/** The sum of a family's series with these labels. */
	sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
		return (this.#handle.snapshot()[name] ?? [])
			.filter((series) => Object.entries(labels).every(([label, text]) => series.labels[label] === text))
			.reduce((sum, { value }) => sum + value, 0);
	}

	/** Whether a family has a series of that route. */
	has(name: string, route: string): boolean {
		return (this.#handle.snapshot()[name] ?? []).some(({ labels }) => labels["route"] === route);
	}

	/** The last call of a route. */
	last(route: string): SettledCall | undefined {
		return this.calls.findLast((call) => call.route === route);
	}
}
