/** How a ledger does. */
export interface LedgerState {
	/** Whether the database takes rows. Where it does not, they go to the spool, and calls go on as ever. */
	readonly writable: boolean;
	/** Rows that are not safe yet: neither in the database nor in the spool. */
	readonly pendingRows: number;
	/** Rows that are safe in the spool, and wait for the database. */
	readonly spooledRows: number;
	/** Rows that were lost since the ledger was opened, because neither took them and memory has its bound. */
	readonly lostRows: number;
	/** Whether rows are being lost now. */
	readonly losing: boolean;
	/** What went wrong last, as long as it is wrong. */
	readonly lastError: string | undefined;
}
