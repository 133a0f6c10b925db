import { type Reading, type RunningSums, ZERO } from "./reading.ts";

/** Seconds between two readings. */
export const STEP_SECONDS = 5;
/** How far back the window looks, in seconds. */
export const WINDOW_SECONDS = 300;
/** Further back than the window by a minute, which the history's oldest points look back on. */
const KEPT_SECONDS = WINDOW_SECONDS + 60 + STEP_SECONDS;

/** Keeps the running sums of the last five minutes, so that "the last minute" is a difference of two readings. */
export class RecentWindow {
	readonly #read: () => RunningSums;
	readonly #origin: Reading;
	readonly #readings: Reading[] = [];
	#timer: NodeJS.Timeout | undefined;

	/**
	 * @param read reads the sums as of now
	 * @param origin when all sums were 0, on the clock of `performance.now()`; may be negative
	 */
	constructor(read: () => RunningSums, origin: number) {
		this.#read = read;
		this.#origin = { at: origin, sums: ZERO };
	}

	/** Takes a reading now and every five seconds from now on; does not keep the process alive. */
	start(): void {
		this.record(performance.now());
		this.#timer = setInterval(() => this.record(performance.now()), STEP_SECONDS * 1000);
		this.#timer.unref();
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	/** Takes a reading, and drops those that no window reaches any more. */
	record(at: number): void {
		this.#readings.push({ at, sums: this.#read() });
		while (at - (this.#readings[0]?.at ?? at) > KEPT_SECONDS * 1000) this.#readings.shift();
	}

	/** Oldest first. */
	get readings(): readonly Reading[] {
		return this.#readings;
	}

	/**
	 * What to subtract from `last` for what happened in the `seconds` up to it: the oldest reading in reach, so the
	 * window is shorter where there is less to look back on, and empty where there is nothing.
	 */
	before(last: Reading, seconds: number): Reading {
		const earliest = last.at - seconds * 1000;
		if (this.#origin.at >= earliest) return this.#origin;
		return this.#readings.find(({ at }) => at >= earliest) ?? last;
	}
}
