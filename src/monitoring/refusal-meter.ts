import type { BodyTap } from "./body-tap.ts";
import type { Call } from "./call.ts";
import { ReadWatch } from "./read-watch.ts";

/** How much of a refusal is looked at: 1 MiB. */
const MAX_BYTES: number = 1024 * 1024;

/** An HTTP error, as `classifyError` reads it. */
export interface Refusal {
	readonly status: number;
	readonly headers: unknown;
	/** What its body says, as far as it was read. */
	readonly error: unknown;
}

/** Tells of an HTTP error once its body is read, which says why; of the status alone where nobody reads it. */
export class RefusalMeter implements BodyTap {
	readonly altersBytes: boolean = false;
	readonly #status: number;
	readonly #headers: unknown;
	#refused: ((refusal: Refusal) => void) | undefined;
	#watch: ReadWatch | undefined = undefined;
	#parts: Buffer[] = [];
	#bytes = 0;
	#wasRead = false;

	/** @param refused called once, if ever */
	constructor(status: number, headers: unknown, refused: (refusal: Refusal) => void) {
		this.#status = status;
		this.#headers = headers;
		this.#refused = refused;
	}

	/** The call ends with it, even where nobody ever reads it, or its caller leaves. */
	ends(call: Call, signal: AbortSignal | undefined): void {
		const watch = new ReadWatch({ abandon: () => this.#tell(undefined) });
		this.#watch = watch;
		const onAbort = (): void => this.#tell(undefined);
		call.onSettled = () => {
			watch.stop();
			signal?.removeEventListener?.("abort", onAbort);
		};
		if (signal?.aborted === true) onAbort();
		else signal?.addEventListener?.("abort", onAbort, { once: true });
	}

	bytes(chunk: Uint8Array): Uint8Array {
		this.#bytes += chunk.length;
		if (this.#refused !== undefined && this.#bytes <= MAX_BYTES) this.#parts.push(Buffer.from(chunk));
		return chunk;
	}

	end(): undefined {
		this.#tell(this.#read());
	}

	json(value: unknown): void {
		this.#tell(value);
	}

	text(text: string): void {
		this.#tell(text);
	}

	failed(): void {
		this.#tell(this.#read());
	}

	left(): void {
		this.#tell(this.#read());
	}

	forgotten(): void {
		if (!this.#wasRead) this.#tell(undefined);
	}

	dropped(): void {
		this.#tell(this.#read());
	}

	reading(): void {
		this.#wasRead = true;
		if (this.#watch !== undefined) this.#watch.reads += 1;
	}

	rested(): void {
		if (this.#watch === undefined) return;
		this.#watch.reads -= 1;
		if (this.#refused !== undefined) this.#watch.deadline.refresh();
	}

	#read(): string | undefined {
		return this.#parts.length === 0 ? undefined : Buffer.concat(this.#parts).toString("utf8");
	}

	#tell(error: unknown): void {
		const refused = this.#refused;
		this.#refused = undefined;
		this.#parts = [];
		refused?.({ status: this.#status, headers: this.#headers, error });
	}
}
