import type { DatabaseSync } from "node:sqlite";
import { SEQUENCE_BITS } from "./sqlite-schema.ts";

/** The number of a process that no row is of; its rows come before those of all others. */
const NO_PROCESS = 2 ** 22;

/** The number that a process has in the file. */
export function processNumber(db: DatabaseSync, process: string): number {
	const found = db.prepare("SELECT no FROM processes WHERE id = ?").get(process)?.["no"];
	return typeof found === "number" ? found : NO_PROCESS;
}

/** The key of a row, whether or not it is there. */
export function rowKey(process: number, sequence: number): bigint {
	return (BigInt(process) << BigInt(SEQUENCE_BITS)) | BigInt(sequence);
}
