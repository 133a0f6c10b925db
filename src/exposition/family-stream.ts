import { FAMILY, TYPES } from "./protobuf-tags.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import type { FamilyRange, Rendered } from "./rendered.ts";

/** After so many series others get a turn: that is well below a millisecond. */
const SERIES_IN_A_ROW = 1000;

/** Tells when others get a turn. */
export class Pace {
	#inARow = 0;

	/** Whether it is time, after so many more series; a bucket is one. */
	isTime(series: number): boolean {
		this.#inARow += series;
		if (this.#inARow < SERIES_IN_A_ROW) return false;
		this.#inARow = 0;
		return true;
	}
}

/** What stands above a family's metrics. */
interface FamilyHead {
	readonly name: string;
	readonly help: string;
	readonly type: keyof typeof TYPES;
}

/** A stream of MetricFamily messages in the making. */
export class FamilyStream {
	readonly writer: ProtobufWriter;
	readonly pace: Pace;
	readonly #families: FamilyRange[] = [];
	#name = "";
	#start = 0;

	/** @param expectedSize in bytes */
	constructor(expectedSize: number, pace: Pace) {
		this.writer = new ProtobufWriter(expectedSize);
		this.pace = pace;
	}

	/**
	 * The head of a family; its metrics follow, until {@link end}.
	 *
	 * @param written what it is called in the stream, where that is not its name
	 */
	begin({ help, name, type }: FamilyHead, written: string = name): void {
		const { writer } = this;
		writer.keep();
		this.#name = name;
		this.#start = writer.length;
		writer.open(2);
		writer.string(FAMILY.name, written);
		writer.string(FAMILY.help, help);
		writer.uint(FAMILY.type, TYPES[type]);
	}

	/** Takes the family back where it has no metrics. */
	end(metrics: number): void {
		if (metrics === 0) {
			this.writer.drop();
			return;
		}
		this.writer.close();
		this.#families.push({ name: this.#name, start: this.#start, end: this.writer.length });
	}

	/** All families in one array. */
	*finish(): Generator<undefined, Rendered, undefined> {
		const pieces = this.writer.pieces();
		const [only] = pieces;
		if (only !== undefined && pieces.length === 1) return { bytes: only, families: this.#families };
		const bytes = new Uint8Array(this.writer.length);
		let at = 0;
		for (const piece of pieces) {
			bytes.set(piece, at);
			at += piece.length;
			yield;
		}
		return { bytes, families: this.#families };
	}
}
