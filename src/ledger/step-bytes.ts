/*
 * A step as bytes: how many numbers it has and how many bytes its latencies take, as two integers of four bytes; the
 * numbers, eight bytes each; then the latencies, and the times to first token, as counts by bucket. All as the machine has
 * them, which is the lowest byte first on all that Node.js runs on.
 *
 * Counts by bucket: for each bucket that has any, how many empty ones lie before it, and its count. Each of these is written
 * by seven bits a byte, the lowest first, and all bytes of it but the last have the eighth bit set: what most of them need
 * is one byte, or two.
 */

const HEADER = 8;

/** The parts of a step's bytes, without a copy. */
export interface StepParts {
	/** A newer version may have written more than are known. */
	readonly numbers: Float64Array;
	/** Where the latencies begin; the times to first token follow, up to the end. */
	readonly latencyAt: number;
	readonly firstTokenAt: number;
}

/** @param latency and `firstToken` by bucket, where there are any */
export function writeStep(
	numbers: Float64Array,
	latency: Float64Array | undefined,
	firstToken: Float64Array | undefined,
): Uint8Array {
	const pairs: number[] = [];
	if (latency !== undefined) writeBuckets(pairs, latency);
	const latencyBytes = pairs.length;
	if (firstToken !== undefined) writeBuckets(pairs, firstToken);
	const bytes = new Uint8Array(HEADER + numbers.byteLength + pairs.length);
	new Uint32Array(bytes.buffer, 0, 2).set([numbers.length, latencyBytes]);
	new Float64Array(bytes.buffer, HEADER, numbers.length).set(numbers);
	bytes.set(pairs, HEADER + numbers.byteLength);
	return bytes;
}

/** @param bytes what {@link writeStep} has written, at a multiple of eight bytes of its buffer */
export function stepParts(bytes: Uint8Array): StepParts {
	const [count = 0, latencyBytes = 0] = new Uint32Array(bytes.buffer, bytes.byteOffset, 2);
	const numbers = new Float64Array(bytes.buffer, bytes.byteOffset + HEADER, count);
	const latencyAt = HEADER + numbers.byteLength;
	return { numbers, latencyAt, firstTokenAt: latencyAt + latencyBytes };
}

function writeBuckets(bytes: number[], counts: Float64Array): void {
	let last = -1;
	for (let bucket = 0; bucket < counts.length; bucket += 1) {
		const count = counts[bucket] ?? 0;
		if (count === 0) continue;
		write(bytes, bucket - last - 1);
		write(bytes, count);
		last = bucket;
	}
}

function write(bytes: number[], value: number): void {
	let rest = value;
	for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
	bytes.push(rest);
}

/** Adds the counts that are written from `start` to `end` to one or two others. */
export function readBuckets(
	bytes: Uint8Array,
	start: number,
	end: number,
	counts: Float64Array,
	others: Float64Array | undefined,
): void {
	let bucket = -1;
	let isCount = false;
	for (let at = start; at < end; isCount = !isCount) {
		let byte = bytes[at++]!; // the loop ends before the bytes do
		let value = byte & 0x7f;
		for (let factor = 128; byte > 0x7f && at < end; factor *= 128) {
			byte = bytes[at++]!; // see above
			value += (byte & 0x7f) * factor;
		}
		if (!isCount) {
			bucket += value + 1;
			continue;
		}
		counts[bucket]! += value; // what lies beyond the buckets is no one's
		if (others !== undefined) others[bucket]! += value;
	}
}
