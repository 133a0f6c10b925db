import { existsSync } from "node:fs";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { LedgerStore } from "./ledger-store.ts";
import { dropSpool, readSpool, spoolFolder, takeSpools } from "./spool.ts";
import { SqliteStore } from "./sqlite-store.ts";

/**
 * Opens a ledger's file for questions; what programs that are no more have left in their spools is taken in before.
 *
 * @param warn told why that was not possible, where it was not
 * @throws HyperAgentError `LEDGER` where there is no ledger
 */
export async function readLedger(path: string, warn: (message: string) => void): Promise<LedgerStore> {
	const folder = spoolFolder(path);
	if (!existsSync(path) && !existsSync(folder)) {
		throw new HyperAgentError(
			"LEDGER",
			`There is no ledger at ${path}: it is the file that openLedger({ path }) names.`,
		);
	}
	const refused = (error: unknown): void =>
		warn(`rows in ${folder} are not in the answer, because they could not be taken in: ${String(error)}`);
	try {
		if (existsSync(folder)) await takeIn(path, folder, refused);
	} catch (error) {
		refused(error);
	}
	try {
		return new SqliteStore(path, { readOnly: true });
	} catch (error) {
		if (error instanceof HyperAgentError) throw error;
		throw new HyperAgentError("LEDGER", `${path} could not be read: ${String(error)}`, { cause: error });
	}
}

async function takeIn(path: string, folder: string, refused: (error: Error) => void): Promise<void> {
	const spools = takeSpools(folder, refused);
	if (spools.length === 0) return;
	const store = new SqliteStore(path);
	try {
		for (const spool of spools) {
			for (const rows of readSpool(spool)) await store.append(rows);
			dropSpool(folder, spool);
		}
	} finally {
		await store.close();
	}
}
