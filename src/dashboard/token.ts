import { createHash, timingSafeEqual } from "node:crypto";

/** What is kept of a token: equal lengths make the comparison constant in time. */
export function hashToken(token: string): Buffer {
	return createHash("sha256").update(token).digest();
}

/** Whether it is the hash of one of them; takes as long whichever it is. */
export function isOneOf(hash: Buffer, accepted: readonly Buffer[]): boolean {
	let found = false;
	for (const one of accepted) found = timingSafeEqual(hash, one) || found;
	return found;
}

/** What programs send as `Authorization: Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
	return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
