import type { DatabaseSync } from "node:sqlite";
import type { GroupBy, GroupTotals, TimeRange, TotalsQuery } from "./ledger-store.ts";
import { parsedTags } from "./row-page.ts";
import { TOTAL_COLUMNS, TOTAL_KEYS } from "./sqlite-schema.ts";

const HOUR = 3600;
const DAY = 86_400;
const MICRO = 1_000_000n;

/** What each group is told apart by in SQL. A tag is looked for in the set of tags, of which there are few. */
const KEYS: Readonly<Record<Exclude<GroupBy, `tag:${string}`>, string>> = {
	model: "model",
	route: "route",
	provider: "provider",
	day: `start - start % ${DAY}`,
	hour: "start",
};

/** A sum of 10⁻¹² dollars could leave 64 bits, so its millions and its rest are summed apart. */
const SUMS = TOTAL_COLUMNS.map((name) => {
	if (name === "cost_pico") return "SUM(cost_pico / 1000000), SUM(cost_pico % 1000000)";
	// A provider may tell any count: SQLite fails where a sum of integers leaves 64 bits, and that of numbers does not.
	return name.endsWith("_tokens") ? `SUM(${name} + 0.0)` : `SUM(${name})`;
});

/** A group in the making: what is read from the file, before its keys are written out. */
type Values = readonly (bigint | number | null)[];

/** Asks the sums of hours and days: whole days by day, unless hours are asked for, and the rest by hour. */
export function readTotals(db: DatabaseSync, { by, since, until }: TotalsQuery): GroupTotals[] {
	const keys = by.map((one) => (isTag(one) ? "tags" : KEYS[one]));
	const distinct = [...new Set(keys)];
	const parts = spansOf({ since, until }, by.includes("hour")).map(
		([span, from, to]) => `SELECT * FROM totals WHERE span = ${span} AND start >= ${from} AND start < ${to}`,
	);
	const named = TOTAL_KEYS.slice(1).map(String);
	const sql = `SELECT ${[...distinct, ...SUMS].join(", ")} FROM (${parts.join(" UNION ALL ")})${distinct.length === 0 ? "" : ` GROUP BY ${distinct.join(", ")}`}`;
	const statement = db.prepare(sql);
	statement.setReadBigInts(true);
	const names = new NameReader(db);
	const groups = new Map<string, Group>();
	for (const row of statement.iterate()) {
		// SQLite's integers and reals, by the statement above.
		const values = Object.values(row) as Values;
		if (values[distinct.length] === null) continue; // of nothing at all
		const group = by.map((one, i) => {
			const key = keys[i] ?? "";
			const value = Number(values[distinct.indexOf(key)]);
			if (!named.includes(key)) return writeTime(value * 1000, one === "hour");
			return isTag(one) ? names.tag(value, one.slice(4)) : names.name(value);
		});
		const id = JSON.stringify(group);
		const found = groups.get(id);
		if (found === undefined) groups.set(id, new Group(group, values.slice(distinct.length)));
		else found.add(values.slice(distinct.length));
	}
	return [...groups.values()].map((group) => group.totals()).toSorted((a, b) => compare(a.group, b.group));
}

function isTag(by: GroupBy): by is `tag:${string}` {
	return by.startsWith("tag:");
}

/** The hours of a range, in seconds: as days where they are whole ones. */
function spansOf(
	{ since, until }: TimeRange,
	onlyHours: boolean,
): (readonly [span: number, from: number, to: number])[] {
	// Far beyond all calls, and still exact.
	const from = since === undefined ? -1e13 : Math.floor(since / 1000 / HOUR) * HOUR;
	const to = until === undefined ? 1e13 : Math.ceil(until / 1000 / HOUR) * HOUR;
	const firstDay = Math.ceil(from / DAY) * DAY;
	const lastDay = Math.floor(to / DAY) * DAY;
	if (onlyHours || firstDay >= lastDay) return [[HOUR, from, to]];
	const spans = [
		[HOUR, from, firstDay],
		[DAY, firstDay, lastDay],
		[HOUR, lastDay, to],
	] as const;
	return spans.filter(([, start, end]) => start < end);
}

function writeTime(ms: number, withHour: boolean): string {
	const text = new Date(ms).toISOString();
	return withHour ? `${text.slice(0, 16)}Z` : text.slice(0, 10);
}

function compare(one: readonly string[], other: readonly string[]): number {
	const at = one.findIndex((value, i) => value !== other[i]);
	if (at === -1) return 0;
	return (one[at] ?? "") < (other[at] ?? "") ? -1 : 1;
}

class Group {
	readonly #group: readonly string[];
	readonly #counts: number[];
	#costPico: bigint;

	constructor(group: readonly string[], values: Values) {
		this.#group = group;
		this.#counts = values.slice(0, 12).map(Number);
		this.#costPico = costOf(values);
	}

	add(values: Values): void {
		for (let i = 0; i < this.#counts.length; i += 1) this.#counts[i]! += Number(values[i]); // i is below its length
		this.#costPico += costOf(values);
	}

	totals(): GroupTotals {
		const [success = 0, error = 0, aborted = 0, abandoned = 0, manualRecords = 0] = this.#counts;
		const [inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0] =
			this.#counts.slice(5);
		const [reasoningTokens = 0, unpricedCalls = 0, callsWithoutUsage = 0] = this.#counts.slice(9);
		return {
			group: this.#group,
			calls: { success, error, aborted, abandoned },
			manualRecords,
			inputTokens,
			outputTokens,
			cacheReadTokens,
			cacheWriteTokens,
			reasoningTokens,
			costPico: this.#costPico,
			unpricedCalls,
			callsWithoutUsage,
		};
	}
}

function costOf(values: Values): bigint {
	const [usd, micro, rest] = values.slice(-3);
	return BigInt(usd ?? 0) * 1_000_000_000_000n + BigInt(micro ?? 0) * MICRO + BigInt(rest ?? 0);
}

/** Names by their numbers, each read once. */
class NameReader {
	readonly #find: ReturnType<DatabaseSync["prepare"]>;
	readonly #names = new Map<number, string>();

	constructor(db: DatabaseSync) {
		this.#find = db.prepare("SELECT name FROM names WHERE id = ?");
	}

	/** "" where there is none. */
	name(id: number): string {
		const known = this.#names.get(id);
		if (known !== undefined) return known;
		const name = String(this.#find.get(id)?.["name"] ?? "");
		this.#names.set(id, name);
		return name;
	}

	tag(id: number, name: string): string {
		const text = this.name(id);
		if (text === "") return "";
		const tags = parsedTags(text);
		// Every object has a "constructor", too, and that is no tag.
		return Object.hasOwn(tags, name) ? (tags[name] ?? "") : "";
	}
}
