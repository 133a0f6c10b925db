import { addSettlementListener } from "../core/settlement-listeners.ts";

/** Counts what a ledger would have news of: calls that ended, answers from a cache, records by hand, and events. */
export class SettledCount {
	value = 0;
	#stop: (() => void) | undefined;

	start(): void {
		const count = (): void => {
			this.value += 1;
		};
		this.#stop ??= addSettlementListener({ settled: count, served: count, recorded: count, noted: count });
	}

	stop(): void {
		this.#stop?.();
	}
}
