import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { testLedgerStore } from "./ledger-store-contract.ts";

const folders: string[] = [];
const paths = new Map<LedgerStore, string>();

testLedgerStore("SqliteStore", {
	create: async () => {
		const folder = mkdtempSync(join(tmpdir(), "ledger-store-"));
		folders.push(folder);
		const store = new SqliteStore(join(folder, "ledger.db"));
		paths.set(store, join(folder, "ledger.db"));
		return store;
	},
	reopen: async (store) => new SqliteStore(paths.get(store) ?? ""),
	clean: async () => {
		for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
	},
});
