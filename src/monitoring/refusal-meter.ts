import type { BodyTap } from "./body-tap.ts";
import type { Call } from "./call.ts";
import { ReadWatch } from "./read-watch.ts";

/** How much of a refusal is looked at: 1 MiB. */
const MAX_BYTES: number = 1024 * 1024;

/** How long it may lie unread until its status alone counts, in milliseconds: 5 seconds. */
export const UNREAD_REFUSAL_MS: number = 5000;

/** An HTTP error, as `classifyError` reads it. */
export interface Refusal {
	readonly status: number;
	readonly headers: unknown;
	/** What its body says, as far as it was read. */
	readonly error: unknown;
}

/**
 * Tells of an HTTP error once its body is read, which says why; of the status alone where nobody reads it. However late it
 * tells: the error was there when the last that was read of it was.
 */
export class RefusalMeter implements BodyTap {
	readonly altersBytes: boolean = false;
	readonly #status: number;
	readonly #headers: unknown;
	#refused: ((refusal: Refusal, at: number) => void) | undefined;
	#at: number = performance.now();
	#watch: ReadWatch | undefined = undefined;
	#parts: Buffer[] = [];
	#bytes = 0;
	#wasRead = false;

	/** @param refused called once, if ever, with when the error was there, as `performance.now()` has it */
	constructor(status: number, headers: unknown, refused: (refusal: Refusal, at: number) => void) {
		this.#status = status;
		this.#headers = headers;
		this.#refused = refused;
	}

	/** The call ends with it, even where nobody ever reads it, or its caller leaves. */
	ends(call: Call, signal: AbortSignal | undefined): void {
		const watch = new ReadWatch({ abandon: () => this.#tell(this.#read()) }, UNREAD_REFUSAL_MS);
		watch.start();
		this.#watch = watch;
		const onAbort = (): void => this.#tell(undefined);
		call.onSettled = () => {
			watch.stop();
			signal?.removeEventListener?.("abort", onAbort);
		};
		if (signal?.aborted === true) onAbort();
		else signal?.addEventListener?.("abort", onAbort, { once: true });
	}

	/** Then its status has to do. */
	unwatched(): void {
		this.dropped();
	}

	/** The time of one that ends a call begins with it. */
	waits(): void {}

	get isOver(): boolean {
		return this.#refused === undefined;
	}

	bytes(chunk: Uint8Array): Uint8Array {
		this.#at = performance.now();
		this.#bytes += chunk.length;
		if (this.#refused !== undefined && this.#bytes <= MAX_BYTES) this.#parts.push(Buffer.from(chunk));
		return chunk;
	}

	end(): undefined {
		this.#tell(this.#read());
	}

	json(value: unknown): void {
		this.#at = performance.now();
		this.#tell(value);
	}

	text(text: string): void {
		this.#at = performance.now();
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
		if (this.#refused !== undefined) this.#watch.refresh();
	}

	#read(): string | undefined {
		return this.#parts.length === 0 ? undefined : Buffer.concat(this.#parts).toString("utf8");
	}

	#tell(error: unknown): void {
		const refused = this.#refused;
		this.#refused = undefined;
		this.#parts = [];
		refused?.({ status: this.#status, headers: this.#headers, error }, this.#at);
	}
}
