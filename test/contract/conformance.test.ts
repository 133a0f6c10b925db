import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { InstrumentedBackend, OpenAIProvider } from "../../src/providers/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { checkCell } from "./check-cell.ts";
import { expectedOf, type MatrixColumn } from "./conformance-expectations.ts";
import { conformancePage, type Cell } from "./conformance-page.ts";
import { ourProvider } from "./provider-column.ts";
import type { ClientColumn } from "../instrument/scripted/client-column.ts";
import { COLUMNS, VARIANTS } from "../instrument/scripted/clients.ts";
import { PROVIDER } from "../instrument/scripted/expected.ts";
import { ROWS, type RowName, runRow } from "../instrument/scripted/rows.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";

const PAGE: string = join(import.meta.dirname, "../../docs/conformance.md");
const ROUTE = "matrix";
const ROW_NAMES = Object.keys(ROWS) as RowName[];
const MATRIX: Readonly<Record<MatrixColumn, ClientColumn>> = { ...COLUMNS, providers: ourProvider };

/** What our own providers have no way to do, and why. */
const NOT_FOR_PROVIDERS: Readonly<Partial<Record<RowName, string>>> = {
	"stream without asking for usage": "the library always asks",
	"stream, usage option refused": "the library always asks",
	"tool call": "the same request as without one",
	"tool call in a stream": "the same request as without one",
};

/** Plain or not, what is left of `fullStream` is one branch of two: the other one goes on. */
const AI_SDK_KEEPS_IT: string =
	"the AI SDK's `fullStream` is a branch of a stream of its own: leaving it leaves the model's stream, and the connection, as they are; an abort does end them";

let provider: ScriptedProvider;
const cells = new Map<string, Cell>();

beforeAll(async () => {
	provider = await ScriptedProvider.start();
	return () => provider.close();
});

describe.for(Object.keys(MATRIX) as MatrixColumn[])("%s", (name) => {
	for (const row of ROW_NAMES) {
		const reason = reasonAgainst(row, name);
		cells.set(`${row}|${name}`, reason === undefined ? { passed: false } : { notFor: reason });
	}
	test.for(rowsOf(name))("%s", async (row) => {
		await checkRow(row, MATRIX[name], name, PROVIDER[MATRIX[name].api]);
		cells.set(`${row}|${name}`, { passed: true });
	});
});

describe.for(Object.entries(VARIANTS))("%s", ([name, { column, like }]) => {
	const label = name === "azure chat" ? "azure" : PROVIDER[column.api];
	test.for(rowsOf(like))("%s", (row) => checkRow(row, column, like, label));
});

describe("the table in docs/conformance.md", () => {
	test("is what these tests have shown", ({ skip }) => {
		const isWhole = [...cells.values()].every((cell) => "notFor" in cell || cell.passed);
		if (!isWhole) skip("not every cell was run, or held");
		const page = conformancePage(ROW_NAMES, Object.keys(MATRIX), cells);
		// The way to write it.
		if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(PAGE, page);
		expect(readFileSync(PAGE, "utf8")).toBe(page);
	});
});

function rowsOf(column: MatrixColumn): RowName[] {
	return ROW_NAMES.filter((row) => reasonAgainst(row, column) === undefined);
}

function reasonAgainst(row: RowName, column: MatrixColumn): string | undefined {
	if (column === "providers") return NOT_FOR_PROVIDERS[row];
	return column === "ai-sdk" && row === "early break" ? AI_SDK_KEEPS_IT : ROWS[row].notFor?.[column];
}

async function checkRow(
	rowName: RowName,
	column: ClientColumn,
	like: MatrixColumn,
	label: string,
): Promise<void> {
	const row = ROWS[rowName];
	const plain = await runRow(row, column, provider);
	using recorder = installTestRecorder();
	const connect = like === "fetch" ? { fetch: meteredFetch(fetch, { route: ROUTE }) } : { wrap };
	const metered = await runRow(row, column, provider, connect);
	// The caller sees what it sees without us.
	expect(metered.outcome).toEqual(plain.outcome);
	// And where it leaves, the server sees the connection closed.
	const closedAfterMs = row.leavesEarly === true ? (metered.closedAfterMs ?? Infinity) : 0;
	expect(closedAfterMs).toBeLessThan(250);
	await settled(recorder);
	checkCell(recorder, column.api, label, expectedOf(rowName, like));
}

function wrap<T extends object>(client: T): T {
	if (!(client instanceof OpenAIProvider)) return instrument(client, { route: ROUTE });
	// It is a backend, as what was given is one.
	return new InstrumentedBackend(client, "openai", ROUTE) as unknown as T;
}

/** An abort reaches what is below a caller a little later than the caller. */
async function settled(recorder: TestRecorder): Promise<void> {
	for (let tries = 0; tries < 50 && recorder.gauge("llm_active_requests") > 0; tries += 1) await sleep(5);
}
