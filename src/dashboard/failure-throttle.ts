import { isOneOf } from "./token.ts";

/** A failure counts for this long. */
const WINDOW_MS = 60_000;
/** Wrong tokens of one peer in that time; after them none of its tokens is looked at. */
const FAILURES_OF_PEER = 10;
/** Wrong tokens of all peers but those on this machine. */
const FAILURES_OF_ALL = 100;
/** How long a peer that has sent a right token is not held up by what others do. */
const PROVEN_MS = 86_400_000;
/** Peers that are remembered; beyond them the oldest is forgotten, and {@link FAILURES_OF_ALL} holds all the same. */
const MOST_PEERS = 1000;

/** Who sends a token. */
export interface TokenSender {
	/** One of these for each address that a person can have. */
	readonly key: string;
	/** Whether it is on this machine and speaks for itself. */
	readonly isLocal: boolean;
}

/** What to do with a token. */
export type TokenVerdict =
	| { readonly kind: "right" | "wrong" }
	| { readonly kind: "throttled"; readonly retryAfterSeconds: number };

interface Window {
	since: number;
	failures: number;
}

interface Peer extends Window {
	/** The hashes of its wrong tokens: one that is sent again and again is one guess, not many. */
	wrong: Set<string>;
	provenAt: number;
}

/**
 * Slows down those who guess tokens: ten wrong ones a minute from an address, a hundred from all of them together, and
 * then none is looked at until the minute is over. Who is on this machine is not held up by what others do, nor is an
 * address from which a right token came within the last day: only the ten of its own count there. A program with an old
 * token sends the same one over and over: that is told to wait as well, but locks nobody out. Sessions are not asked here.
 */
export class FailureThrottle {
	readonly #now: () => number;
	readonly #onThrottle: (key: string) => void;
	/** In the order of their last failure or proof. */
	readonly #peers = new Map<string, Peer>();
	readonly #all: Window = { since: Number.NEGATIVE_INFINITY, failures: 0 };

	/**
	 * @param onThrottle told whose tokens are not looked at from now on, once a minute for each
	 * @param now milliseconds of a clock that never jumps
	 */
	constructor(onThrottle: (key: string) => void, now: () => number = () => performance.now()) {
		this.#onThrottle = onThrottle;
		this.#now = now;
	}

	/** How many peers it remembers, at most 1,000. */
	get size(): number {
		return this.#peers.size;
	}

	/**
	 * Compares a token, unless its sender has to wait.
	 *
	 * @param hash of the token
	 * @param accepted hashes of those that are right
	 * @param purpose what it is to open: a token that is right there may be wrong elsewhere
	 */
	check(sender: TokenSender, hash: Buffer, accepted: readonly Buffer[], purpose: string): TokenVerdict {
		const now = this.#now();
		renew(this.#all, now);
		const known = this.#peers.get(sender.key);
		if (known !== undefined && renew(known, now)) known.wrong.clear();
		const isProven = known !== undefined && now - known.provenAt < PROVEN_MS;
		if (known !== undefined && known.wrong.size >= FAILURES_OF_PEER) return wait(known, now);
		if (this.#all.failures >= FAILURES_OF_ALL && !sender.isLocal && !isProven) return wait(this.#all, now);
		const guess = `${purpose} ${hash.toString("base64")}`;
		const isKnown = known?.wrong.has(guess) === true;
		if (!isKnown && isOneOf(hash, accepted)) {
			if (!isProven || now - known.provenAt > WINDOW_MS) this.#keep(sender.key, now).provenAt = now;
			return { kind: "right" };
		}
		const peer = this.#keep(sender.key, now);
		peer.failures += 1;
		if (!isKnown) {
			peer.wrong.add(guess);
			if (peer.wrong.size === FAILURES_OF_PEER) this.#onThrottle(sender.key);
			if (!sender.isLocal) this.#all.failures += 1;
		}
		return peer.failures > FAILURES_OF_PEER ? wait(peer, now) : { kind: "wrong" };
	}

	/** The peer, as the latest of all. */
	#keep(key: string, now: number): Peer {
		const known = this.#peers.get(key);
		if (known !== undefined) this.#peers.delete(key);
		else if (this.#peers.size >= MOST_PEERS) this.#forgetOne(now);
		const peer = known ?? {
			since: now,
			failures: 0,
			wrong: new Set<string>(),
			provenAt: Number.NEGATIVE_INFINITY,
		};
		this.#peers.set(key, peer);
		return peer;
	}

	/** The oldest, but for those who have sent a right token: they would be held up by the others' failures. */
	#forgetOne(now: number): void {
		for (const [key, { provenAt }] of this.#peers) {
			if (now - provenAt < PROVEN_MS) continue;
			this.#peers.delete(key);
			return;
		}
		const [oldest] = this.#peers.keys();
		if (oldest !== undefined) this.#peers.delete(oldest);
	}
}

/** Begins a new window where the old one is over. */
function renew(window: Window, now: number): boolean {
	if (now - window.since < WINDOW_MS) return false;
	window.since = now;
	window.failures = 0;
	return true;
}

function wait(window: Window, now: number): TokenVerdict {
	const seconds = Math.max(1, Math.ceil((window.since + WINDOW_MS - now) / 1000));
	return { kind: "throttled", retryAfterSeconds: seconds };
}
