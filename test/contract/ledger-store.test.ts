import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { testLedgerCalls } from "./ledger-calls-contract.ts";
import { testLedgerSeries } from "./ledger-series-contract.ts";
import { SEVEN } from "./ledger-rows.ts";
import { type StoreMaker, testLedgerStore } from "./ledger-store-contract.ts";

const folders: string[] = [];
const paths = new Map<LedgerStore, string>();

/** Steps of ten seconds are kept from half past four on, minutes from three days before. */
const now = (): number => SEVEN + 1_800_000;

const file: StoreMaker = {
	create: async () => {
		const folder = mkdtempSync(join(tmpdir(), "ledger-store-"));
		folders.push(folder);
		const store = new SqliteStore(join(folder, "ledger.db"), { now });
		paths.set(store, join(folder, "ledger.db"));
		return store;
	},
	reopen: async (store) => new SqliteStore(paths.get(store) ?? "", { now }),
	clean: async () => {
		for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
	},
};

/** Nobody else sees it, so that it is its own second connection. */
const memory: StoreMaker = {
	create: async () => new SqliteStore(":memory:", { now }),
	reopen: async (store) => store,
	clean: async () => undefined,
};

for (const [name, maker] of Object.entries({ SqliteStore: file, "SqliteStore in memory": memory })) {
	testLedgerStore(name, maker);
	testLedgerSeries(name, maker);
	testLedgerCalls(name, maker);
}
