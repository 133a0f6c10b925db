import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** A browser that has logged in. */
export interface Session {
	readonly id: string;
	/** Milliseconds since the epoch. */
	readonly expiresAt: number;
}

/** How many sessions that were ended early are remembered until they would have ended by themselves. */
const MOST_ENDED = 10_000;
/** A clock that is set back by so much logs nobody out. */
const CLOCK_MS = 60_000;

/**
 * The sessions of browsers. A cookie holds a random id, the time of its end and a code that only who knows the token can
 * make: nothing is kept of it here, so sessions outlive the process, and end when the token changes. The key is made of the
 * token slowly, so that a stolen cookie is no quick way to try tokens.
 */
export class Sessions {
	readonly #key: Buffer;
	readonly #lifeMs: number;
	readonly #ended = new Map<string, number>();
	readonly #onEnd: (id: string) => void;

	private constructor(key: Buffer, lifeMs: number, onEnd: (id: string) => void) {
		this.#key = key;
		// A cookie tells its end in whole ones.
		this.#lifeMs = Math.round(lifeMs);
		this.#onEnd = onEnd;
	}

	/** @param onEnd told of sessions that are ended before their time */
	static async open(token: string, lifeMs: number, onEnd: (id: string) => void): Promise<Sessions> {
		const key = await new Promise<Buffer>((resolve, reject) => {
			scrypt(token, "hyperagent session 1", 32, (error, made) => (error ? reject(error) : resolve(made)));
		});
		return new Sessions(key, lifeMs, onEnd);
	}

	/** A new session, or the same one for longer. */
	begin(now: number, id: string = randomBytes(18).toString("base64url")): Session {
		return { id, expiresAt: now + this.#lifeMs };
	}

	/** What the cookie holds: letters, digits, "-", "_" and dots. */
	write({ expiresAt, id }: Session): string {
		const said = `${id}.${expiresAt.toString(36)}`;
		return `${said}.${this.#code(said).toString("base64url")}`;
	}

	/** The session of a cookie's value; `undefined` for what is forged, over or ended. */
	read(value: string | undefined, now: number): Session | undefined {
		const [, said, id, end, code] = /^(([\w-]{24})\.([0-9a-z]{1,11}))\.([\w-]{43})$/.exec(value ?? "") ?? [];
		if (said === undefined || id === undefined || end === undefined || code === undefined) return undefined;
		const isOurs = timingSafeEqual(this.#code(said), Buffer.from(code, "base64url"));
		const expiresAt = Number.parseInt(end, 36);
		// Begun when sessions were to last longer: they last no longer than they are to now, and no logout is forgotten first.
		const isTooLong = expiresAt - now > this.#lifeMs + CLOCK_MS;
		if (!isOurs || now >= expiresAt || isTooLong || this.#ended.has(id)) return undefined;
		return { id, expiresAt };
	}

	/** Whether more than half of its life is over, so that who still comes should get it anew. */
	isOld({ expiresAt }: Session, now: number): boolean {
		return expiresAt - now < this.#lifeMs / 2;
	}

	/** Ends a session before its time. Forgotten with the process: the browser's cookie is taken away as well. */
	end({ id }: Session, now: number): void {
		for (const [one, until] of this.#ended) {
			if (until > now && this.#ended.size < MOST_ENDED) break;
			this.#ended.delete(one);
		}
		this.#ended.set(id, now + this.#lifeMs + CLOCK_MS);
		this.#onEnd(id);
	}

	/** How long a browser keeps the cookie. */
	get lifeSeconds(): number {
		return Math.ceil(this.#lifeMs / 1000);
	}

	#code(said: string): Buffer {
		return createHmac("sha256", this.#key).update(said).digest();
	}
}
