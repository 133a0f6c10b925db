import type { PageSlice } from "./row-page.ts";

/** Rows on their way, numbered from 1 in the order in which they are to be written. */
export interface Batch {
	readonly number: number;
	readonly slice: PageSlice;
}

/** How the writing goes. */
export interface WriterState {
	/** All batches up to this one are safe: in the database, or in the spool. */
	readonly safe: number;
	/** Rows that are in the spool and not yet in the database. */
	readonly spooledRows: number;
	/** Why the database cannot take rows now; `undefined` where it can. */
	readonly error: string | undefined;
	/** Whether the spool cannot take them either: they are in memory alone. */
	readonly isHeld: boolean;
	/** The file of the spool, where there is one. */
	readonly spool: string | undefined;
	/** Where a damaged file was moved to, last. */
	readonly movedTo: string | undefined;
	/** Rows of a time whose calls are forgotten already. */
	readonly tooOldRows: number;
}

/** What a writer is made with. */
export interface WriterOptions {
	readonly path: string;
	readonly spoolBytes: number;
	/** How many days calls, and totals, are kept; for ever unless given. */
	readonly keepCallsDays: number | undefined;
	readonly keepTotalsDays: number | undefined;
}
