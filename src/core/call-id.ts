import { randomBytes } from "node:crypto";
import { processSlot } from "./process-slot.ts";

const slot = processSlot<{ readonly process: string; last: number }>("call-ids");
slot.value ??= {
	// Milliseconds first, so that ids sort by the start of their process; a thread is a process of its own here.
	process: Date.now().toString(16).padStart(12, "0") + randomBytes(5).toString("hex"),
	last: 0,
};
const ids = slot.value;

/** Tells this process (and thread) from all others: 22 hexadecimal digits that begin with the time of its start. */
export const PROCESS_ID: string = ids.process;

/** The number of the next call, or record by hand, in this process: from 1 on. */
export function nextSequence(): number {
	ids.last += 1;
	return ids.last;
}

/** The id of that call of that process: "019abb1c2d3e4f5a6b7c8d-000002s". They sort in the order of their starts. */
export function callId(sequence: number, process: string = PROCESS_ID): string {
	return `${process}-${sequence.toString(36).padStart(7, "0")}`;
}

/** What {@link callId} was made of. */
export function splitCallId(id: string): { readonly process: string; readonly sequence: number } {
	const at = id.lastIndexOf("-");
	return { process: id.slice(0, at), sequence: Number.parseInt(id.slice(at + 1), 36) };
}
