import { setImmediate } from "node:timers";
import { processSlot } from "./process-slot.ts";

/** Once it is done it is not there any more. */
interface Entry {
	task: (() => void) | undefined;
}

/** Of all loaded copies of this package: one may read what another has recorded. */
interface Queue {
	readonly entries: Entry[];
	/** The first that is not done. */
	next: number;
	isUnderWay: boolean;
}

/** How much may be put off: code that never lets the event loop turn would put off without end. */
const MOST = 1000;

const slot = processSlot<Queue>("afterwards");
slot.value ??= { entries: [], next: 0, isUnderWay: false };
const queue = slot.value;
// A test's fake timers may stand in its place later.
const putOff = setImmediate;

/**
 * Does something of ours for which nobody should wait: once the running code, and whoever waits for it, has gone on, and
 * before anything that is recorded is read or recorded otherwise. It runs inside what this is called in (`AsyncLocalStorage`),
 * unless somebody catches up.
 *
 * @param task must not throw
 */
export function afterwards(task: () => void): void {
	const entry: Entry = { task };
	queue.entries.push(entry);
	putOff(comeTo, entry);
	if (queue.entries.length - queue.next > MOST) catchUp();
}

function comeTo(entry: Entry): void {
	while (entry.task !== undefined && queue.next < queue.entries.length) doNext();
}

/**
 * Does at once what was put off, in its order. Whoever reads what is recorded calls it first, and so does whoever records
 * something at once whose order others can see.
 *
 * @param isEnd whether the process ends, and with it the task under way
 */
export function catchUp(isEnd = false): void {
	// What a task itself reads is as of that task.
	if (queue.isUnderWay && !isEnd) return;
	while (queue.next < queue.entries.length) doNext();
}

function doNext(): void {
	const entry = queue.entries[queue.next]!;
	const { task } = entry;
	entry.task = undefined;
	queue.next += 1;
	// One that always has something waiting would keep what is done.
	if (queue.next === queue.entries.length || queue.next > MOST) {
		queue.entries.splice(0, queue.next);
		queue.next = 0;
	}
	queue.isUnderWay = true;
	try {
		task?.();
	} finally {
		queue.isUnderWay = false;
	}
}
