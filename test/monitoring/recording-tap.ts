import type { BodyTap } from "../../src/monitoring/body-tap.ts";

/** Keeps what it sees, and changes nothing. */
export class RecordingTap implements BodyTap {
	readonly isOver: boolean = false;
	readonly altersBytes: boolean = false;
	readonly heard: string[] = [];
	readonly #bytes: Buffer[] = [];
	/** Reads that have begun and not ended. */
	reads = 0;

	/** What has passed, in its order. */
	get seen(): Buffer {
		return Buffer.concat(this.#bytes);
	}

	bytes(chunk: Uint8Array): Uint8Array {
		this.#bytes.push(Buffer.from(chunk));
		return chunk;
	}

	end(): undefined {
		this.#hear("end");
	}

	json(value: unknown): void {
		this.#hear(`json ${JSON.stringify(value)}`);
	}

	text(text: string): void {
		this.#bytes.push(Buffer.from(text));
		this.#hear("text");
	}

	failed(error: unknown): void {
		this.#hear(`failed ${String(error)}`);
	}

	left(): void {
		this.#hear("left");
	}

	forgotten(): void {
		this.#hear("forgotten");
	}

	unwatched(): void {
		this.#hear("unwatched");
	}

	dropped(): void {
		this.#hear("dropped");
	}

	waits(): void {
		this.#hear("waits");
	}

	reading(): void {
		this.reads += 1;
	}

	rested(): void {
		this.reads -= 1;
	}

	#hear(what: string): void {
		// A body's end may be asked for again.
		if (this.heard.at(-1) !== what) this.heard.push(what);
	}
}
