import type { StepFacts } from "./step-facts.ts";
import { SHORT_SPANS, type ShortSpan, STEP_SPANS, type StepSpan } from "./step-schema.ts";
import { StepSums } from "./step-sums.ts";

/** One step of one (route, model, provider): their names' numbers. */
export interface Step {
	readonly span: StepSpan;
	/** When it begins, in seconds since the epoch. */
	readonly start: number;
	readonly route: number;
	readonly model: number;
	readonly provider: number;
	readonly sums: StepSums;
}

/** Since when short steps are kept, in milliseconds since the epoch. */
export type ShortSince = Readonly<Record<ShortSpan, number>>;

/** Adds up a batch before it goes into the steps: thousands of rows are a few of them. */
export class StepBatch {
	readonly #since: ShortSince;
	readonly #maps: Readonly<Record<StepSpan, Map<string, Step>>> = {
		10: new Map(),
		60: new Map(),
		300: new Map(),
		3600: new Map(),
		10800: new Map(),
	};
	/** When the first row was. */
	first: number = Number.POSITIVE_INFINITY;
	#last: Step | undefined;

	/** @param since rows before it make no shorter steps */
	constructor(since: ShortSince) {
		this.#since = since;
	}

	add(at: number, route: number, model: number, provider: number, facts: StepFacts): void {
		const span = this.#shortestAt(at);
		const start = startOf(span, at / 1000);
		if (at < this.first) this.first = at;
		let step = this.#last;
		// Many rows are of the same step as the one before: one look for it is saved.
		if (
			step === undefined ||
			step.start !== start ||
			step.span !== span ||
			step.route !== route ||
			step.model !== model ||
			step.provider !== provider
		) {
			step = find(this.#maps[span], { span, start, route, model, provider });
			this.#last = step;
		}
		step.sums.addRow(facts);
	}

	/** All steps of that length, each once. To be asked for once, and the shorter ones first. */
	steps(span: StepSpan): Iterable<Step> {
		const longer = STEP_SPANS.find((other) => other > span);
		if (longer !== undefined) {
			for (const { model, provider, route, start, sums } of this.#maps[span].values()) {
				const key = { span: longer, start: startOf(longer, start), route, model, provider };
				find(this.#maps[longer], key).sums.add(sums);
			}
		}
		return this.#maps[span].values();
	}

	#shortestAt(at: number): StepSpan {
		return SHORT_SPANS.find((span) => at >= this.#since[span]) ?? 3600;
	}
}

function startOf(span: StepSpan, seconds: number): number {
	return Math.floor(seconds / span) * span;
}

function find(steps: Map<string, Step>, key: Omit<Step, "sums">): Step {
	const text = `${key.start},${key.route},${key.model},${key.provider}`;
	let step = steps.get(text);
	if (step === undefined) {
		step = { ...key, sums: new StepSums() };
		steps.set(text, step);
	}
	return step;
}
