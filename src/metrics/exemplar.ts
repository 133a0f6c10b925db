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

/** OpenMetrics bounds an exemplar's names and values together. A trace's id is of hexadecimal digits; others are at least of ASCII. */
const ID = /^[ -~]{1,56}$/;

/** The last exemplar of each histogram bucket, by the bucket's slot: at most one a bucket, so bounded as they are. */
export class ExemplarStore {
	readonly #bySlot = new Map<number, StoredExemplar>();

	set(slot: number, value: number, { spanId, traceId }: Exemplar): void {
		if (!ID.test(traceId)) return;
		const span = spanId !== undefined && ID.test(spanId) ? spanId : undefined;
		this.#bySlot.set(slot, { traceId, spanId: span, value, at: Date.now() });
	}

	clear(): void {
		this.#bySlot.clear();
	}

	get(slot: number): StoredExemplar | undefined {
		return this.#bySlot.get(slot);
	}
}
