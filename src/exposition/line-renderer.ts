import { formatCents } from "../core/money.ts";
import { CATALOG, type MetricScope } from "../metrics/catalog.ts";
import { ByteText } from "./byte-text.ts";
import { LINE, type LineFormat } from "./line-plan.ts";
import { type LineText, TURN_LINES } from "./line-text.ts";
import { LineWriter } from "./line-writer.ts";
import type { FamilyRange, Rendered } from "./rendered.ts";
import type { Source } from "./source.ts";

/** A slot that no line shows. */
const NO_LINE = 0xffff_ffff;
/** After how many slots the event loop may have its turn. */
const TURN_SLOTS = 1 << 16;
/** After how many lines, while all are written for the first time. */
const FIRST_TURN_LINES = 128;

/**
 * Writes a text format, and the next time only what has changed since. A line is its beginning, which stays as it is,
 * and its value.
 */
export class LineRenderer {
	readonly #format: LineFormat;
	readonly #values: ByteText = new ByteText();
	#text: LineText | undefined;
	/** Of the slots that the text shows. */
	#slots: Float64Array = new Float64Array(0);
	#kinds: Uint8Array = new Uint8Array(0);
	/** Of each line, among the recorder's slots. */
	#slotOf: Uint32Array = new Uint32Array(0);
	/** Of each slot, the line that shows it. */
	#lineOf: Uint32Array = new Uint32Array(0);
	/** 1 for each line that has changed; as long as a number of fours. */
	#dirty: Uint8Array = new Uint8Array(0);
	#sum = 0;
	#sumSlot = -1;
	#families: LineWriter["families"] = [];
	/** Slots without a value: where one has come, the text lacks a line. */
	#waiting: readonly number[] = [];
	#sizes: readonly number[] = [];
	#changed: Uint32Array = new Uint32Array(0);
	#lengths: Uint32Array = new Uint32Array(0);

	constructor(format: LineFormat) {
		this.#format = format;
	}

	/** Renders in steps, each a fraction of a millisecond. */
	*render(source: Source): Generator<undefined, Rendered, undefined> {
		const sizes = sizesOf(source);
		let text = this.#text;
		if (text === undefined || !this.#fits(source, sizes)) {
			// Until it is whole there is none.
			this.#text = undefined;
			text = yield* this.#writeAll(source, sizes);
			this.#text = text;
		} else {
			const count = yield* this.#collect(source.slots);
			const changes = { count, lines: this.#changed, lengths: this.#lengths, values: this.#values.bytes };
			if (count > 0) yield* text.replace(changes);
		}
		this.#slots = source.slots;
		return { bytes: text.bytes, families: this.#ranges(text) };
	}

	#fits(source: Source, sizes: readonly number[]): boolean {
		if (sizes.some((size, i) => size !== this.#sizes[i])) return false;
		return this.#waiting.every((slot) => Number.isNaN(source.slots[slot]!));
	}

	*#writeAll(source: Source, sizes: readonly number[]): Generator<undefined, LineText, undefined> {
		const writer = new LineWriter(this.#format, source.slots);
		// Cold code is slow, and each line is new: there are more turns than later.
		let turn = FIRST_TURN_LINES;
		for (const definition of CATALOG) {
			const { layout, labelSets } = source.series[definition.scope];
			const placement = layout.placements.find((one) => one.definition === definition);
			if (placement === undefined) continue;
			for (const labelSet of labelSets.slice(0, sizes[SCOPES.indexOf(definition.scope)])) {
				writer.series(placement, labelSet);
				if (writer.lines < turn) continue;
				turn = writer.lines + FIRST_TURN_LINES;
				yield;
			}
			writer.endFamily(definition.name);
		}
		yield;
		this.#kinds = writer.kinds();
		this.#slotOf = writer.slotOf();
		this.#families = writer.families;
		this.#waiting = writer.waiting;
		this.#sizes = sizes;
		this.#lineOf = new Uint32Array(source.slots.length).fill(NO_LINE);
		for (let line = 0; line < writer.lines; line += 1) {
			if (line % (TURN_LINES * 8) === TURN_LINES * 8 - 1) yield;
			const kind = this.#kinds[line];
			if (kind === LINE.fixed || kind === LINE.count) continue;
			this.#lineOf[this.#slotOf[line]!] = line;
			if (kind === LINE.money) this.#lineOf[this.#slotOf[line]! + 1] = line;
		}
		yield;
		this.#dirty = new Uint8Array(Math.ceil(writer.lines / 4) * 4);
		this.#changed = new Uint32Array(writer.lines);
		this.#lengths = new Uint32Array(writer.lines);
		return writer.text();
	}

	/** Finds the lines that have changed, and writes their values one after another. */
	*#collect(slots: Float64Array): Generator<undefined, number, undefined> {
		const isAny = yield* this.#markChanged(slots);
		if (!isAny) return 0;
		const values = this.#values;
		const dirty = this.#dirty;
		values.clear();
		this.#sumSlot = -1;
		let count = 0;
		let turn = TURN_LINES;
		// Most lines have not changed: four of them are passed over at a time.
		const fours = new Uint32Array(dirty.buffer);
		for (let i = 0; i < fours.length; i += 1) {
			if (fours[i] === 0) continue;
			for (let line = i * 4; line < i * 4 + 4; line += 1) {
				if (dirty[line] === 0) continue;
				dirty[line] = 0;
				const start = values.length;
				this.#write(line, slots);
				this.#changed[count] = line;
				this.#lengths[count] = values.length - start;
				count += 1;
			}
			if (count < turn) continue;
			turn = count + TURN_LINES;
			yield;
		}
		return count;
	}

	/** Marks the lines whose slots have changed; of a histogram also those after them, which add them up. */
	*#markChanged(slots: Float64Array): Generator<undefined, boolean, undefined> {
		const before = this.#slots;
		const lineOf = this.#lineOf;
		const kinds = this.#kinds;
		const dirty = this.#dirty;
		let isAny = false;
		for (let from = 0; from < slots.length; from += TURN_SLOTS) {
			const to = Math.min(from + TURN_SLOTS, slots.length);
			for (let slot = from; slot < to; slot += 1) {
				if (slots[slot] === before[slot]) continue;
				let line = lineOf[slot]!;
				if (line === NO_LINE) continue;
				isAny = true;
				dirty[line] = 1;
				if (kinds[line] !== LINE.bucket && kinds[line] !== LINE.firstBucket) continue;
				// Where one is marked, those behind it are already.
				for (line += 1; kinds[line] === LINE.bucket && dirty[line] === 0; line += 1) dirty[line] = 1;
				while (kinds[line] !== LINE.count) line += 1;
				dirty[line] = 1;
			}
			if (to < slots.length) yield;
		}
		return isAny;
	}

	#write(line: number, slots: Float64Array): void {
		const slot = this.#slotOf[line]!;
		const values = this.#values;
		const kind = this.#kinds[line];
		if (kind === LINE.value) {
			values.number(slots[slot]!);
		} else if (kind === LINE.money) {
			values.ascii(formatCents(slots[slot]!, slots[slot + 1]!));
		} else if (kind === LINE.count) {
			values.number(this.#sum);
		} else {
			values.number(this.#sumUpTo(line, slots));
			values.ascii(this.#format.afterBucket(slot));
		}
	}

	/** Of a histogram's buckets up to that line's. The lines that have changed come in order, and to the last one. */
	#sumUpTo(line: number, slots: Float64Array): number {
		const slot = this.#slotOf[line]!;
		if (slot === this.#sumSlot + 1 && this.#kinds[line] === LINE.bucket) {
			this.#sum += slots[slot]!;
		} else {
			this.#sum = slots[slot]!;
			// The slots of a histogram's buckets are neighbours.
			for (let at = line; this.#kinds[at] === LINE.bucket; at -= 1)
				this.#sum += slots[slot - (line - at) - 1]!;
		}
		this.#sumSlot = slot;
		return this.#sum;
	}

	#ranges(text: LineText): readonly FamilyRange[] {
		let start = 0;
		return this.#families.map(({ lastLine, name }) => {
			// Behind its value a line has nothing but its end.
			const range = { name, start, end: text.endOf(lastLine) + 1 };
			start = range.end;
			return range;
		});
	}
}

const SCOPES: readonly MetricScope[] = ["pair", "route", "target", "budget", "process"];

/** How many label sets of each scope lie within the copied slots: others may have come since. */
function sizesOf({ series, slots }: Source): readonly number[] {
	return SCOPES.map((scope) => {
		const { labelSets, layout } = series[scope];
		let size = labelSets.length;
		while (size > 0 && labelSets[size - 1]!.base + layout.size > slots.length) size -= 1;
		return size;
	});
}
