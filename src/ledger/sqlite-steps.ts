import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Horizons } from "./horizons.ts";
import { StepBatch } from "./step-batch.ts";
import {
	forgottenKey,
	KEEP_STEPS_MS,
	SHORT_SPANS,
	type ShortSpan,
	STEP_SPANS,
	type StepSpan,
} from "./step-schema.ts";
import type { KeptStep } from "./step-sums.ts";

/** Writes what batches add to the steps, in the transaction that is open. */
export class SqliteSteps {
	readonly #db: DatabaseSync;
	readonly #now: () => number;
	readonly #find: StatementSync;
	readonly #put: StatementSync;
	readonly #horizons: Horizons;

	/** @param now milliseconds since the epoch */
	constructor(db: DatabaseSync, now: () => number) {
		const key = "span = ? AND start = ? AND route = ? AND model = ? AND provider = ?";
		this.#db = db;
		this.#now = now;
		this.#find = db.prepare(`SELECT sums, errors FROM steps WHERE ${key}`);
		this.#put = db.prepare("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)");
		this.#horizons = new Horizons(db, now);
	}

	/** A batch that makes no short steps of rows that are older than those are kept. */
	batch(): StepBatch {
		const since = (span: ShortSpan): number => Math.max(this.#since(span), this.#keptFrom(span));
		return new StepBatch({ 10: since(10), 60: since(60), 300: since(300) });
	}

	write(batch: StepBatch): void {
		// Without steps of all its rows a time must not look as if it had them.
		for (const span of SHORT_SPANS) {
			if (batch.first < this.#keptFrom(span)) pruneSteps(this.#db, span, this.#keptFrom(span));
		}
		for (const span of STEP_SPANS) {
			const since = this.#since(span);
			for (const { model, provider, route, start, sums } of batch.steps(span)) {
				// What is forgotten must not begin anew: it would be only a part.
				if (start * 1000 < since) continue;
				const found = this.#find.get(span, start, route, model, provider);
				if (found !== undefined) sums.addKept(keptStep(found));
				const kept = sums.toKept();
				this.#put.run(span, start, route, model, provider, kept.sums, kept.errors);
			}
		}
	}

	#since(span: StepSpan): number {
		return this.#horizons.since(forgottenKey(span));
	}

	#keptFrom(span: ShortSpan): number {
		return Math.floor((this.#now() - KEEP_STEPS_MS[span]) / 1000 / span) * span * 1000;
	}
}

/** A row of `steps`, as SQLite gives it. */
export function keptStep({ errors, sums }: Readonly<Record<string, unknown>>): KeptStep {
	return {
		sums: sums instanceof Uint8Array ? aligned(sums) : new Uint8Array(8),
		errors: typeof errors === "string" ? errors : null,
	};
}

/** Numbers begin at a multiple of eight bytes, or are copied to one. */
function aligned(bytes: Uint8Array): Uint8Array {
	return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

/**
 * Forgets the steps of a span that begin before a time.
 *
 * @param before in milliseconds since the epoch
 */
export function pruneSteps(db: DatabaseSync, span: StepSpan, before: number): void {
	const start = Math.floor(before / 1000 / span) * span;
	const since = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)";
	db.prepare(since).run(forgottenKey(span), start * 1000);
	db.prepare("DELETE FROM steps WHERE span = ? AND start < ?").run(span, start);
}
