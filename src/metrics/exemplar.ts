/** The trace that an observation belongs to. */
export interface Exemplar {
	readonly traceId: string;
	readonly spanId?: string | undefined;
}

/** An exemplar with the value that was observed. */
export interface StoredExemplar extends Exemplar {
	readonly value: number;
	/** Milliseconds since the epoch. */
	readonly at: number;
}

/** OpenMetrics bounds an exemplar's names and values together. */
const LONGEST_ID = 56;

/** The last exemplar of each histogram bucket, by the bucket's slot: at most one a bucket, so bounded as they are. */
export class ExemplarStore {
	readonly #bySlot = new Map<number, StoredExemplar>();

	set(slot: number, value: number, { spanId, traceId }: Exemplar): void {
		if (traceId.length > LONGEST_ID) return;
		const span = spanId === undefined || spanId.length > LONGEST_ID ? undefined : spanId;
		this.#bySlot.set(slot, { traceId, spanId: span, value, at: Date.now() });
	}

	clear(): void {
		this.#bySlot.clear();
	}

	get(slot: number): StoredExemplar | undefined {
		return this.#bySlot.get(slot);
	}
}
