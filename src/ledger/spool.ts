import { randomUUID } from "node:crypto";
import {
	closeSync,
	existsSync,
	fdatasyncSync,
	fstatSync,
	ftruncateSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	rmdirSync,
	statSync,
	writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PROCESS_ID } from "../core/call-id.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { makeFolder } from "./make-folder.ts";
import type { PageSlice } from "./row-page.ts";
import { decodeFrames, encodeFrame, FRAME_HEADER } from "./spool-frame.ts";
import { isOwnerAlive, ownerSuffix } from "./spool-owner.ts";

const CHUNK = Buffer.alloc(65_536);

/** Where the spools of a ledger lie. */
export function spoolFolder(ledgerPath: string): string {
	return `${ledgerPath}-spool`;
}

function spoolPath(folder: string): string {
	return join(folder, `${PROCESS_ID}.${ownerSuffix()}.0.spool`);
}

/** This process ends, and that spool of its own is empty: it leaves nothing behind. */
export function removeSpool(path: string): void {
	rmSync(path, { force: true });
	removeIfEmpty(dirname(path));
}

/**
 * Holds, on disk, rows that the database cannot take: in a file of a fixed size, whose room is taken when all is well, so
 * that a full disk does not keep rows out of it. What {@link append} has taken survives a crash and a loss of power.
 */
export class Spool {
	/** The file, whose name no other thread can know. */
	readonly path: string;
	readonly #folder: string;
	readonly #bytes: number;
	#file: number;
	#size = 0;
	#used = 0;
	#generation = 1;
	#rows = 0;

	/** @throws what the file system throws; a full disk only makes it smaller */
	constructor(folder: string, bytes: number) {
		this.#folder = folder;
		this.path = spoolPath(folder);
		this.#bytes = bytes;
		this.#file = this.#create();
	}

	/** Rows in it. */
	get rows(): number {
		return this.#rows;
	}

	/** Whether all of its room was there to be taken. */
	get isWhole(): boolean {
		return this.#size >= this.#bytes;
	}

	/** The answer is false, and nothing is changed, where there is no room left. */
	append(slice: PageSlice): boolean {
		if (!this.#write(slice)) return false;
		if (this.#isInPlace()) return true;
		// Someone has taken the file away, maybe before these rows were in it. Rows that come twice count once.
		this.#renew();
		return this.#write(slice) && this.#isInPlace();
	}

	/** What is in it, oldest first. */
	*read(): Generator<LedgerRow[]> {
		if (this.#rows > 0 && this.#isInPlace()) yield* decodeFrames(readFileSync(this.path));
	}

	/** Forgets all that is in it. */
	clear(): void {
		this.#rows = 0;
		if (this.#used === 0) return;
		if (!this.#isInPlace()) {
			// Who has taken the file away may not have read it yet.
			this.#renew();
			return;
		}
		writeSync(this.#file, Buffer.alloc(FRAME_HEADER), 0, FRAME_HEADER, 0);
		fdatasyncSync(this.#file);
		this.#used = 0;
		this.#generation += 1;
	}

	/** An empty one leaves nothing behind. */
	close(): void {
		const isEmpty = this.#rows === 0 && this.#isInPlace();
		closeSync(this.#file);
		if (!isEmpty) return;
		rmSync(this.path, { force: true });
		removeIfEmpty(this.#folder);
	}

	#write(slice: PageSlice): boolean {
		const frame = encodeFrame(slice, this.#generation);
		if (this.#used + frame.length > this.#size) return false;
		for (let done = 0; done < frame.length; ) {
			done += writeSync(this.#file, frame, done, frame.length - done, this.#used + done);
		}
		fdatasyncSync(this.#file);
		this.#used += frame.length;
		this.#rows += slice.to - slice.from;
		return true;
	}

	#isInPlace(): boolean {
		return statSync(this.path, { throwIfNoEntry: false })?.ino === fstatSync(this.#file).ino;
	}

	/** A new file; the old one is kept until there is one, for its number would soon be another file's. */
	#renew(): void {
		const old = this.#file;
		this.#file = this.#create();
		closeSync(old);
	}

	#create(): number {
		makeFolder(this.#folder);
		const file = openSync(this.path, "w+");
		[this.#size, this.#used, this.#rows] = [0, 0, 0];
		try {
			while (this.#size < this.#bytes) {
				const length = Math.min(CHUNK.length, this.#bytes - this.#size);
				this.#size += writeSync(file, CHUNK, 0, length, this.#size);
			}
			fdatasyncSync(file);
		} catch (error) {
			if (!isFull(error)) {
				closeSync(file);
				throw error;
			}
			// What is left is the database's.
			this.#size = 0;
			ftruncateSync(file, 0);
		}
		return file;
	}
}

function isFull(error: unknown): boolean {
	return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Writes rows into a spool of their own, at the end of the process: the next one to open the ledger takes them in. */
export function leaveSpool(folder: string, slices: readonly PageSlice[]): void {
	makeFolder(folder);
	const file = openSync(join(folder, `${PROCESS_ID}.${ownerSuffix()}.1.spool`), "a");
	try {
		for (const slice of slices) writeSync(file, encodeFrame(slice, 1));
		fdatasyncSync(file);
	} finally {
		closeSync(file);
	}
}

/**
 * Takes over the spools that processes have left behind which are no more.
 *
 * @param refused told of one that may not be taken: its rows stay there
 * @returns their paths, oldest process first; {@link dropSpool} them when they are read
 */
export function takeSpools(folder: string, refused: (error: Error) => void = () => undefined): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.toSorted()
		.flatMap((name) => {
			const path = join(folder, name);
			if (name.endsWith(".taken")) return [path];
			if (!name.endsWith(".spool") || name.startsWith(PROCESS_ID) || isOwnerAlive(name)) return [];
			try {
				// An owner that lives after all begins a new file, and that may be taken, too, before this one is read.
				const taken = `${path}.${Date.now()}-${randomUUID()}.taken`;
				renameSync(path, taken);
				return [taken];
			} catch (error) {
				// Else someone was faster.
				if (error instanceof Error && "code" in error && error.code !== "ENOENT") refused(error);
				return [];
			}
		});
}

/** What is in a spool that was taken over. */
export function readSpool(path: string): Iterable<LedgerRow[]> {
	return existsSync(path) ? decodeFrames(readFileSync(path)) : [];
}

/** A spool that was taken over is no longer needed. */
export function dropSpool(folder: string, path: string): void {
	rmSync(path, { force: true });
	removeIfEmpty(folder);
}

function removeIfEmpty(folder: string): void {
	try {
		rmdirSync(folder);
	} catch {
		// Others are using it.
	}
}
