import { HyperAgentError } from "../core/hyperagent-error.ts";

/**
 * Says at once, and not at the first call, when an SDK that is an optional peer is not installed.
 *
 * @throws HyperAgentError `MISSING_PEER`
 */
export function requirePeer(peer: string, user: string): void {
	// Some bundlers take import.meta.resolve away; there the import itself will tell.
	const { resolve } = import.meta as Partial<ImportMeta>;
	if (resolve === undefined) return;
	try {
		resolve(peer);
	} catch (cause) {
		throw missingPeer(peer, user, cause);
	}
}

/** The error for a peer that cannot be imported. */
export function missingPeer(peer: string, user: string, cause: unknown): HyperAgentError {
	const message = `${user} needs the package "${peer}", which cannot be loaded: npm install ${peer}`;
	return new HyperAgentError("MISSING_PEER", message, { cause });
}
