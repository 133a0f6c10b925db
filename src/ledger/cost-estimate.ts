import { LabelGuard } from "../core/label-guard.ts";

/** How much the newest call counts: about the last twenty tell. */
const WEIGHT = 0.1;

/** What a call of a (route, model) will probably cost: as the last ones did, newer ones counting more. */
export class CostEstimate {
	readonly #means: number[] = [];
	readonly #guard: LabelGuard;

	/** @param mostPairs how many are told apart */
	constructor(mostPairs: number) {
		this.#guard = new LabelGuard(
			mostPairs,
			() => this.#means.push(Number.NaN) - 1,
			() => undefined,
		);
	}

	/** In USD; `undefined` as long as none of them has told its cost. */
	of(route: string, model: string): number | undefined {
		const mean = this.#means[this.#guard.resolve(route, model)] ?? Number.NaN;
		return Number.isNaN(mean) ? undefined : mean;
	}

	/** A call has cost that. */
	learn(route: string, model: string, usd: number): void {
		const at = this.#guard.resolve(route, model);
		const mean = this.#means[at] ?? Number.NaN;
		this.#means[at] = Number.isNaN(mean) ? usd : mean + WEIGHT * (usd - mean);
	}
}
