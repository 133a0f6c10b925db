import { setImmediate } from "node:timers";
import { processSlot } from "./process-slot.ts";

/** Of all loaded copies of this package: one may read what another has recorded. */
interface Work {
	readonly tasks: (() => void)[];
	isUnderWay: boolean;
}

const slot = processSlot<Work>("afterwards");
slot.value ??= { tasks: [], isUnderWay: false };
const work = slot.value;

/**
 * Does something of ours for which nobody should wait: once the running code, and whoever waits for it, has gone on, and
 * before anything that is recorded is read.
 *
 * @param task must not throw
 */
export function afterwards(task: () => void): void {
	if (work.tasks.push(task) === 1) setImmediate(catchUp);
}

/** Does at once what was put off, in its order. Whoever reads what is recorded calls it first. */
export function catchUp(): void {
	// What a task itself reads is as of that task.
	if (work.isUnderWay) return;
	const { tasks } = work;
	work.isUnderWay = true;
	try {
		for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
	} finally {
		work.isUnderWay = false;
		if (tasks.length > 0) setImmediate(catchUp);
	}
}
