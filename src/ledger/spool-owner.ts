import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The end of a spool file's name: whose it is. Without it a file could not be told from that of a process that lives. */
export function ownerSuffix(): string {
	return `${process.pid}.${startOf(process.pid)}.${hostHash()}`;
}

/**
 * Whether the process that a spool file's name speaks of is at work on this machine. Of another machine (or container)
 * nothing is known, and the answer is false: taking its file away harms nothing, see `Spool.append`.
 */
export function isOwnerAlive(fileName: string): boolean {
	const [, pid, start, host] = /\.(\d+)\.(\d+)\.([0-9a-f]+)\.[01]\.spool$/.exec(fileName) ?? [];
	if (pid === undefined || host !== hostHash()) return false;
	// Two of the same number are told apart by when they started, where the system says so.
	return Number(pid) !== process.pid && isRunning(Number(pid)) && startOf(Number(pid)) === start;
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		// It is there and is someone else's.
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
}

/** In ticks since the machine's start, on Linux; else 0. */
function startOf(pid: number): string {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 22; the name in field 2 may hold anything.
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
	} catch {
		return "0";
	}
}

function hostHash(): string {
	return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}
