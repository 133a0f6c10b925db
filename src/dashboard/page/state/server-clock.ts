/** A message may have taken so long to come, in milliseconds: of times that near to each other the latest is right. */
const LONGEST_WAY_MS = 1000;

let ahead: number | undefined;

/** To be told what the server's clock says, in milliseconds since the epoch, as soon as it has said so. */
export function hearServerTime(now: number): void {
	const found = now - Date.now();
	const isSame = ahead !== undefined && Math.abs(found - ahead) < LONGEST_WAY_MS;
	ahead = ahead !== undefined && isSame ? Math.max(ahead, found) : found;
}

/** What time it is for the server, whose clock calls have their times of; by this machine's until it has said so. */
export function serverNow(): number {
	return Date.now() + (ahead ?? 0);
}
