import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COLUMNS, type ColumnName, VARIANTS } from "./scripted/clients.ts";
import { inShort } from "./scripted/outcome.ts";
import { plainOutcome, STAYS_OPEN_AT_BREAK } from "./scripted/plain-outcomes.ts";
import { type Row, type RowName, ROWS, runRow } from "./scripted/rows.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const rows = Object.entries(ROWS) as [RowName, Row][];
const columns = Object.keys(COLUMNS) as ColumnName[];

/** Where a variant does not do as its column does. */
const OTHERWISE: Readonly<Record<string, Readonly<Partial<Record<RowName, string>>>>> = {
	// It reads an empty body as JSON.
	"openai 5 chat": { "empty body": "SyntaxError" },
	"openai 5 responses": { "empty body": "SyntaxError" },
	// It ends a text only where the stream did, so a `text-end` is missing.
	"ai-sdk responses": { "stream without end mark": "7 events" },
};

describe.each(columns)("the plain client of the column %s", (name) => {
	const column = COLUMNS[name];

	it.each(rows.filter(([, { notFor }]) => notFor?.[name] === undefined))("sees: %s", async (rowName, row) => {
		const { closedAfterMs, outcome, run } = await runRow(row, column, provider);
		expect(inShort(outcome)).toBe(plainOutcome(rowName, name));
		expect(run.seen.unexpected).toEqual([]);
		expect(run.seen.requests).toHaveLength(requestsOf(rowName, name));
		const staysOpen = rowName === "early break" && STAYS_OPEN_AT_BREAK.has(name);
		const isClosed = row.leavesEarly === true && !staysOpen;
		expect(closedAfterMs === undefined ? "left open" : closedAfterMs < 100).toBe(isClosed || "left open");
	});

	it("is n/a in the table where the row says so, and nowhere else", () => {
		for (const [rowName, row] of rows) {
			expect(plainOutcome(rowName, name) === undefined).toBe(row.notFor?.[name] !== undefined);
		}
	});

	it("sees the same twice", async () => {
		for (const rowName of ["complete", "stream", "tool call", "error in stream", "empty stream"] as const) {
			const one = await runRow(ROWS[rowName], column, provider);
			const other = await runRow(ROWS[rowName], column, provider);
			expect(one.outcome).toEqual(other.outcome);
		}
	});
});

describe.each(Object.entries(VARIANTS))("the plain client %s", (name, { column, like }) => {
	it.each(rows.filter(([, { notFor }]) => notFor?.[like] === undefined))("sees: %s", async (rowName, row) => {
		const { outcome, run } = await runRow(row, column, provider);
		expect(inShort(outcome)).toBe(OTHERWISE[name]?.[rowName] ?? plainOutcome(rowName, like));
		expect(run.seen.unexpected).toEqual([]);
		expect(run.seen.requests).toHaveLength(requestsOf(rowName, like));
	});
});

function requestsOf(row: RowName, column: ColumnName): number {
	if (row === "10 concurrent calls") return 10;
	const isRetried = ROWS[row].maxRetries === 1 && column !== "fetch";
	return isRetried ? 2 : 1;
}
