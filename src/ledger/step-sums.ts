import type { ExactCost } from "./ledger-row.ts";
import { LATENCY_BUCKETS, latencyBucket } from "./latency-buckets.ts";
import { readBuckets, stepParts, writeStep } from "./step-bytes.ts";
import { COUNT_PLACES, STEP_COUNTS, type StepFacts } from "./step-facts.ts";

const PICO = 1e12;
const BILLION = 1e9;

/** A step as it is kept. */
export interface KeptStep {
	/** See step-bytes.ts. */
	readonly sums: Uint8Array;
	/** How many errors of each type, by the number of its name, as JSON; `null` without any. */
	readonly errors: string | null;
}

/** What rows, or steps, add up to. */
export class StepSums {
	readonly counts: Float64Array = new Float64Array(STEP_COUNTS.length);
	latency: Float64Array | undefined = undefined;
	firstToken: Float64Array | undefined = undefined;
	/** By the number of the type's name. */
	errors: Map<number, number> | undefined = undefined;

	addRow(facts: StepFacts): void {
		addFacts(this.counts, facts);
		// There are as many as buckets.
		if (facts.latencyMs !== undefined) latencyOf(this)[latencyBucket(facts.latencyMs)]! += 1;
		if (facts.firstTokenMs !== undefined) firstTokenOf(this)[latencyBucket(facts.firstTokenMs)]! += 1;
		if (facts.error !== undefined) this.#addErrors(facts.error, 1);
	}

	add(other: StepSums): void {
		addNumbers(this.counts, other.counts);
		if (other.latency !== undefined) addNumbers(latencyOf(this), other.latency);
		if (other.firstToken !== undefined) addNumbers(firstTokenOf(this), other.firstToken);
		if (other.errors !== undefined) for (const error of other.errors) this.#addErrors(...error);
		this.#carry();
	}

	/**
	 * Adds a step as it is kept.
	 *
	 * @param other to which it is added as well: reading it once is what takes the time
	 * @returns the step's own counts, in the order of STEP_COUNTS
	 */
	addKept({ errors, sums }: KeptStep, other?: StepSums): Float64Array {
		const { firstTokenAt, latencyAt, numbers } = stepParts(sums);
		addNumbers(this.counts, numbers);
		this.#carry();
		if (other !== undefined) {
			addNumbers(other.counts, numbers);
			other.#carry();
		}
		if (latencyAt < firstTokenAt)
			readBuckets(sums, latencyAt, firstTokenAt, latencyOf(this), other && latencyOf(other));
		if (firstTokenAt < sums.length)
			readBuckets(sums, firstTokenAt, sums.length, firstTokenOf(this), other && firstTokenOf(other));
		if (errors !== null) {
			for (const error of readErrors(errors)) {
				this.#addErrors(...error);
				if (other !== undefined) other.#addErrors(...error);
			}
		}
		return numbers;
	}

	toKept(): KeptStep {
		const { counts, errors, firstToken, latency } = this;
		return {
			sums: writeStep(counts, latency, firstToken),
			errors: errors === undefined ? null : JSON.stringify([...errors]),
		};
	}

	/** The exact cost, or what was saved, in 10⁻¹² USD. */
	pico(of: "cost" | "saved"): bigint {
		return picoAt(this.counts, of === "cost" ? COUNT_PLACES.costBillions : COUNT_PLACES.savedBillions);
	}

	#carry(): void {
		carryOver(this.counts, COUNT_PLACES.costBillions);
		carryOver(this.counts, COUNT_PLACES.savedBillions);
	}

	#addErrors(type: number, count: number): void {
		this.errors ??= new Map();
		this.errors.set(type, (this.errors.get(type) ?? 0) + count);
	}
}

function latencyOf(sums: StepSums): Float64Array {
	return (sums.latency ??= new Float64Array(LATENCY_BUCKETS));
}

function firstTokenOf(sums: StepSums): Float64Array {
	return (sums.firstToken ??= new Float64Array(LATENCY_BUCKETS));
}

/** What {@link StepSums.toKept} has written. */
export function readErrors(text: string): readonly (readonly [type: number, count: number])[] {
	// What was written was such.
	return JSON.parse(text) as [number, number][];
}

/** The exact amount that stands at three places, in 10⁻¹² USD. */
export function picoAt(counts: Float64Array, at: number): bigint {
	const [billions = 0, dollars = 0, pico = 0] = counts.subarray(at, at + 3);
	return (BigInt(billions) * 1_000_000_000n + BigInt(dollars)) * 1_000_000_000_000n + BigInt(pico);
}

/** Adds what a row counts, but for latencies and the type of an error. */
export function addFacts(counts: Float64Array, facts: StepFacts): void {
	for (const name of facts.counts) counts[COUNT_PLACES[name]]! += 1; // each has a place
	counts[COUNT_PLACES.inputTokens]! += facts.inputTokens;
	counts[COUNT_PLACES.outputTokens]! += facts.outputTokens;
	counts[COUNT_PLACES.cacheReadTokens]! += facts.cacheReadTokens;
	if (facts.cost !== undefined) addCost(counts, COUNT_PLACES.costBillions, facts.cost);
	if (facts.saved !== undefined) addCost(counts, COUNT_PLACES.savedBillions, facts.saved);
}

/** Dollars are kept as billions and the rest: a number holds no more than 2⁵³ of them exactly. */
function addCost(counts: Float64Array, at: number, { pico, whole }: ExactCost): void {
	const billions = Math.floor(whole / BILLION);
	addAmount(counts, at, billions, whole - billions * BILLION, pico);
}

/** Adds an amount to the one that stands at three places. */
export function addAmount(
	counts: Float64Array,
	at: number,
	billions: number,
	dollars: number,
	pico: number,
): void {
	counts[at]! += billions; // see STEP_COUNTS: each amount has three places
	counts[at + 1]! += dollars;
	counts[at + 2]! += pico;
	carryOver(counts, at);
}

/** After at most one sum of two amounts, each of which was carried over. */
function carryOver(counts: Float64Array, at: number): void {
	if (counts[at + 2]! >= PICO) {
		counts[at + 2]! -= PICO; // see above
		counts[at + 1]! += 1;
	}
	if (counts[at + 1]! >= BILLION) {
		counts[at + 1]! -= BILLION; // see above
		counts[at]! += 1;
	}
}

/** What a newer version has written beyond the sums is left out. */
function addNumbers(sums: Float64Array, numbers: Float64Array): void {
	const length = Math.min(sums.length, numbers.length);
	for (let i = 0; i < length; i += 1) sums[i]! += numbers[i]!; // within both
}
