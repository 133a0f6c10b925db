import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CallHours } from "./call-hours.ts";
import { parseCallsCursor } from "./calls-cursor.ts";
import { comesBefore, DearBytes, type DearCall, MOST_DEAR } from "./dear-list.ts";
import type { CallsQuery } from "./ledger-store.ts";
import { type CallIds, idsClause, isMissingFrom } from "./name-ids.ts";
import { processNumber, rowKey } from "./row-key.ts";
import { SEQUENCE_BITS } from "./sqlite-schema.ts";
import { DEAR_SINCE } from "./step-schema.ts";

const HOUR_MS = 3_600_000;
/** How many calls are read at a time where they are not in a list. */
const CHUNK = 50;

/** Calls in their order, as far as they were read; there may be more of them among the rows. */
interface Source {
	calls: { readonly length: number; at(place: number): DearCall | undefined };
	/** Which of them is next, and that one. */
	place: number;
	next: DearCall | undefined;
	/** Where the rest is: a stretch of time, and perhaps one route, model and provider; `undefined` where there is none. */
	readonly rest: { readonly stretch: CallHours; readonly names: readonly number[] | undefined } | undefined;
	/** Whether its calls were found among the rows: those of a list may be of another outcome, or forgotten. */
	isRead: boolean;
}

/**
 * The keys of the dearest calls. Whole hours have lists of their dearest, which are merged; what is in no list (the rest
 * of an hour, parts of hours, hours without a list) is looked for among the rows.
 */
export function readDearest(db: DatabaseSync, query: CallsQuery, ids: CallIds, range: CallHours): bigint[] {
	const rows = new DearRows(db, ids);
	const first = firstPlace(db, query);
	const sources = [...listSources(db, ids, range), ...edgeSources(db, range)];
	for (const source of sources) skip(source, first, rows);
	const found: bigint[] = [];
	while (found.length < query.limit) {
		const source = dearest(sources);
		const call = source?.next;
		if (source === undefined || call === undefined) break;
		if (source.isRead || rows.isMeant(call)) found.push(rowKey(call.process, call.sequence));
		skip(source, call, rows);
	}
	return found;
}

/** What comes before all calls, unless it is said after which they are to come. */
function firstPlace(db: DatabaseSync, { after }: CallsQuery): DearCall {
	if (after === undefined) return { whole: Number.MAX_SAFE_INTEGER, pico: 1e12, process: 0, sequence: 0 };
	const { cost, process, sequence } = parseCallsCursor(after, "dearest");
	return { whole: cost?.whole ?? 0, pico: cost?.pico ?? 0, process: processNumber(db, process), sequence };
}

/** Goes on to the first call that comes after a place, and reads on where the ones that were read are over. */
function skip(source: Source, after: DearCall, rows: DearRows): void {
	const { calls, rest } = source;
	let next = calls.at(source.place);
	for (; next !== undefined && !comesBefore(after, next); next = calls.at(source.place)) source.place += 1;
	source.next = next;
	if (next !== undefined || rest === undefined || (source.isRead && calls.length < CHUNK)) return;
	const last = calls.at(calls.length - 1);
	const from = last !== undefined && comesBefore(after, last) ? last : after;
	source.calls = rows.read(rest.stretch, rest.names, from);
	[source.place, source.next, source.isRead] = [0, source.calls.at(0), true];
}

function dearest(sources: readonly Source[]): Source | undefined {
	let best: Source | undefined;
	for (const source of sources) {
		if (source.next === undefined) continue;
		if (best?.next === undefined || comesBefore(source.next, best.next)) best = source;
	}
	return best;
}

/** One for each list of an hour that lies in the range as a whole. */
function* listSources(db: DatabaseSync, ids: CallIds, range: CallHours): Generator<Source> {
	const { since, until } = listedHours(db, range);
	const lists = db.prepare("SELECT * FROM dear_calls WHERE start >= ? AND start < ?");
	for (const { calls: bytes, model, provider, route, start } of lists.iterate(since / 1000, until / 1000)) {
		if (isMissingFrom(ids.routes, route) || isMissingFrom(ids.models, model)) continue;
		if (isMissingFrom(ids.providers, provider) || !(bytes instanceof Uint8Array)) continue;
		const calls = new DearBytes(bytes);
		const begin = Number(start) * 1000;
		const rest = {
			stretch: { since: begin, until: begin + HOUR_MS },
			names: [Number(route), Number(model), Number(provider)],
		};
		// A list that is not full has all calls of its hour.
		yield {
			calls,
			place: 0,
			next: undefined,
			rest: calls.length < MOST_DEAR ? undefined : rest,
			isRead: false,
		};
	}
}

/** What of the range lies before the hours with lists, and after them. */
function edgeSources(db: DatabaseSync, range: CallHours): Source[] {
	const { since, until } = listedHours(db, range);
	const parts =
		since < until
			? [
					{ since: range.since, until: since },
					{ since: until, until: range.until },
				]
			: [range];
	return parts
		.filter((part) => part.since < part.until)
		.map((stretch) => ({
			calls: [],
			place: 0,
			next: undefined,
			rest: { stretch, names: undefined },
			isRead: false,
		}));
}

/** The whole hours of a range that have lists; none where `since` is not before `until`. */
function listedHours(db: DatabaseSync, range: CallHours): CallHours {
	const kept = db.prepare("SELECT value FROM meta WHERE key = ?").get(DEAR_SINCE)?.["value"];
	const since = Math.ceil(Math.max(range.since, Number(kept ?? range.since)) / HOUR_MS) * HOUR_MS;
	return { since, until: Math.floor(range.until / HOUR_MS) * HOUR_MS };
}

/** Calls as rows: those that are in no list, and those of a list that more is asked about. */
class DearRows {
	readonly #of: StatementSync;
	readonly #all: StatementSync;
	readonly #meant: StatementSync;

	constructor(db: DatabaseSync, ids: CallIds) {
		const where = idsClause(ids);
		const bits = SEQUENCE_BITS;
		const select = (names: string): string => `SELECT cost_usd AS whole, cost_pico AS pico,
			key >> ${bits} AS process, key & ${2 ** bits - 1} AS sequence
			FROM call_rows INDEXED BY call_rows_at WHERE at >= ? AND at < ? AND cost_usd IS NOT NULL${where}${names}
			AND (cost_usd, cost_pico, key) < (?, ?, ?) ORDER BY cost_usd DESC, cost_pico DESC, key DESC LIMIT ${CHUNK}`;
		this.#all = db.prepare(select(""));
		this.#of = db.prepare(select(" AND route = ? AND model = ? AND provider = ?"));
		this.#meant = db.prepare(`SELECT 1 FROM call_rows WHERE key = ?${where}`);
	}

	isMeant({ process, sequence }: DearCall): boolean {
		return this.#meant.get(rowKey(process, sequence)) !== undefined;
	}

	read({ since, until }: CallHours, names: readonly number[] | undefined, after: DearCall): DearCall[] {
		const place = [after.whole, after.pico, rowKey(after.process, after.sequence)];
		const rows =
			names === undefined
				? this.#all.all(since, until, ...place)
				: this.#of.all(since, until, ...names, ...place);
		return rows.map(({ pico, process, sequence, whole }) => ({
			whole: Number(whole),
			pico: Number(pico),
			process: Number(process),
			sequence: Number(sequence),
		}));
	}
}
