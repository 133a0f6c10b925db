import type { BodyTap } from "./body-tap.ts";
import type { Call } from "./call.ts";
import { ReadWatch } from "./read-watch.ts";

/** How much of a refusal is looked at: 1 MiB. */
const MAX_BYTES: number = 1024 * 1024;

/** Ends a call with the body of an HTTP error, which says why; with the status alone where nobody reads it. */
export class RefusalMeter implements BodyTap {
	readonly #call: Call;
	readonly #status: number;
	readonly #headers: Headers;
	readonly #watch: ReadWatch;
	readonly #parts: Uint8Array[] = [];
	#bytes = 0;
	#wasRead = false;

	constructor(call: Call, response: Response) {
		this.#call = call;
		this.#status = response.status;
		this.#headers = response.headers;
		// Nobody may ever read it: then the status stands.
		const watch = new ReadWatch({ abandon: () => this.#fail(undefined) });
		this.#watch = watch;
		call.onSettled = () => watch.stop();
	}

	bytes(chunk: Uint8Array): Uint8Array {
		this.#bytes += chunk.length;
		if (this.#bytes <= MAX_BYTES) this.#parts.push(chunk);
		return chunk;
	}

	end(): undefined {
		this.#fail(Buffer.concat(this.#parts).toString("utf8"));
	}

	json(value: unknown): void {
		this.#fail(value);
	}

	text(text: string): void {
		this.#fail(text);
	}

	failed(): void {
		this.#fail(undefined);
	}

	left(): void {
		this.#fail(undefined);
	}

	forgotten(): void {
		if (!this.#wasRead) this.#fail(undefined);
	}

	dropped(): void {
		this.#fail(undefined);
	}

	reading(): void {
		this.#wasRead = true;
		this.#watch.reads += 1;
	}

	rested(): void {
		this.#watch.reads -= 1;
	}

	#fail(error: unknown): void {
		this.#call.fail({ status: this.#status, headers: this.#headers, error });
	}
}
