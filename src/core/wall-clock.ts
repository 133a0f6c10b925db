/** How long the distance between the two clocks is taken for the same. */
const TRUSTED_MS = 1000;

let offset: number = performance.timeOrigin;
let checkedAt = Number.NEGATIVE_INFINITY;

/**
 * When a moment of `performance.now()` was, in milliseconds since the epoch. `performance.timeOrigin` alone would not do: the
 * clock behind it stands still while a machine sleeps, and hears nothing of a system's clock that is set right. Another read
 * of that for each call would cost as much as all else that a call records, so it is read once a second.
 */
export function wallTime(now: number): number {
	if (!(now - checkedAt < TRUSTED_MS && now >= checkedAt)) {
		offset = Date.now() - now;
		checkedAt = now;
	}
	return now + offset;
}
