import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

const compress = promisify(gzip);

/** How long an answer is given to those who ask the same. */
const SHARED_MS = 1000;
/** Answers that are kept, and questions that may wait for theirs. */
const MOST_ANSWERS = 64;
/** Below it a packet holds it all the same. */
const LEAST_GZIPPED = 1400;

/** An answer that has been written down. */
export class SharedAnswer {
	readonly #bytes: Buffer;
	#gzipped: Promise<Buffer> | undefined;

	constructor(answer: unknown) {
		this.#bytes = Buffer.from(JSON.stringify(answer));
	}

	/** As JSON, as it is or compressed; each is made once for all, the latter off this thread. */
	async bytes(wantsGzip: boolean): Promise<{ readonly body: Buffer; readonly isGzip: boolean }> {
		const isGzip = wantsGzip && this.#bytes.length >= LEAST_GZIPPED;
		if (!isGzip) return { body: this.#bytes, isGzip };
		this.#gzipped ??= compress(this.#bytes, { level: constants.Z_BEST_SPEED });
		return { body: await this.#gzipped, isGzip };
	}
}

interface Shared {
	readonly answer: Promise<SharedAnswer>;
	/** When it was asked, on a clock that never jumps. */
	readonly at: number;
}

/** Equal questions within a second share one answer: two hundred pages hear of a call in the same moment. */
export class SharedAnswers {
	readonly #answers = new Map<string, Shared>();
	#waiting = 0;

	/**
	 * The answer, made once for all who ask by that key; `undefined` where too many wait already.
	 *
	 * @param make its rejection is shared as well
	 */
	get(key: string, make: () => Promise<unknown>): Promise<SharedAnswer> | undefined {
		const now = performance.now();
		for (const [other, { at }] of this.#answers) {
			if (now - at < SHARED_MS && this.#answers.size < MOST_ANSWERS) break;
			this.#answers.delete(other);
		}
		const known = this.#answers.get(key);
		if (known !== undefined) return known.answer;
		if (this.#waiting >= MOST_ANSWERS) return undefined;
		this.#waiting += 1;
		const answer = make()
			.then((made) => new SharedAnswer(made))
			.finally(() => {
				this.#waiting -= 1;
			});
		answer.catch(() => undefined); // whoever asks is told
		this.#answers.set(key, { answer, at: now });
		return answer;
	}
}
