import { setTimeout } from "node:timers";
import { processSlot } from "./process-slot.ts";

/** Of all loaded copies of this package: one may read what another has recorded. */
interface Queue {
	readonly tasks: (() => void)[];
	/** The first that is not done. */
	next: number;
	isUnderWay: boolean;
	/** A timer will come to it. */
	isPlanned: boolean;
}

/**
 * How long something may wait, in milliseconds. What is done once a call is in none of the processor's caches by then, and
 * takes several times as long as it does for ten calls at once. Nobody sees a hundredth of a second.
 */
const DELAY_MS = 10;
/** How much may be put off: code that never lets the event loop turn would put off without end. */
const MOST = 1000;

const slot = processSlot<Queue>("afterwards");
slot.value ??= { tasks: [], next: 0, isUnderWay: false, isPlanned: false };
const queue = slot.value;
// A test's fake timers may stand in its place later.
const later = setTimeout;

/**
 * Does something of ours for which nobody should wait: a moment later, with whatever else has been put off by then, and
 * before anything that is recorded is read or recorded otherwise. It runs inside what the first of them was put off in
 * (`AsyncLocalStorage`), or what catches up.
 *
 * @param task must not throw
 */
export function afterwards(task: () => void): void {
	queue.tasks.push(task);
	if (!queue.isPlanned) plan();
	if (queue.tasks.length - queue.next > MOST) catchUp();
}

function plan(): void {
	queue.isPlanned = true;
	later(come, DELAY_MS);
}

function come(): void {
	queue.isPlanned = false;
	try {
		catchUp();
	} finally {
		// A fault takes none of the others with it.
		if (queue.next < queue.tasks.length) plan();
	}
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
	while (queue.next < queue.tasks.length) doNext();
}

function doNext(): void {
	const task = queue.tasks[queue.next]!;
	queue.next += 1;
	// One that always has something waiting would keep what is done.
	if (queue.next === queue.tasks.length || queue.next > MOST) {
		queue.tasks.splice(0, queue.next);
		queue.next = 0;
	}
	queue.isUnderWay = true;
	try {
		task();
	} finally {
		queue.isUnderWay = false;
	}
}
