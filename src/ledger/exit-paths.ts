import { processSlot } from "../core/process-slot.ts";

/** What has to be done before the process ends, and how it may end. */
export interface BeforeEnd {
	/** The event loop has run empty: there is time. */
	idle(): void;
	/**
	 * There is no time, and maybe nothing asynchronous happens any more.
	 *
	 * @param isEnd whether the process certainly ends now
	 */
	now(isEnd: boolean): void;
}

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** All who wait for the end, and how to stop listening: two listeners would each take the other for the user's. */
interface Waiting {
	readonly all: Set<BeforeEnd>;
	readonly stop: () => void;
}

const slot = processSlot<Waiting>("process-end");

/**
 * Hears of the process's end on every way that can be heard. A signal does what it would have done without us: where
 * nobody else listens the process dies of it, and else that is for the others to say. The function that comes back stops.
 */
export function onProcessEnd(before: BeforeEnd): () => void {
	const waiting = (slot.value ??= listen());
	waiting.all.add(before);
	return () => {
		waiting.all.delete(before);
		if (waiting.all.size > 0 || slot.value !== waiting) return;
		waiting.stop();
		slot.value = undefined;
	};
}

function listen(): Waiting {
	const all = new Set<BeforeEnd>();
	const idle = (): void => {
		for (const one of all) one.idle();
	};
	const end = (isEnd: boolean): void => {
		for (const one of all) one.now(isEnd);
	};
	const now = (): void => end(true);
	const signalled = (signal: NodeJS.Signals): void => {
		const isEnd = process.listenerCount(signal) <= 1 + signalExitListeners();
		end(isEnd);
		if (!isEnd) return;
		process.off(signal, signalled);
		process.kill(process.pid, signal);
	};
	process.on("beforeExit", idle);
	process.on("exit", now);
	// First, for a listener that wants to hear once is no longer counted after it has heard.
	for (const signal of SIGNALS) process.prependListener(signal, signalled);
	const stop = (): void => {
		process.off("beforeExit", idle);
		process.off("exit", now);
		for (const signal of SIGNALS) process.off(signal, signalled);
	};
	return { all, stop };
}

/** The package signal-exit, which many command lines have in them, does as we do: it would wait for us, and we for it. */
function signalExitListeners(): number {
	// Its own, versions 4 and 3: https://github.com/tapjs/signal-exit
	const holder = globalThis as { [key: symbol]: { count?: unknown } | undefined };
	// See above.
	const old = process as { __signal_exit_emitter__?: { count?: unknown } };
	const counts = [holder[Symbol.for("signal-exit emitter")]?.count, old.__signal_exit_emitter__?.count];
	return counts.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0);
}
