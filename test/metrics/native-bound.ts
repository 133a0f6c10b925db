/** Whether a positive double is at most the upper bound of that native bucket, 2^(index / 2^schema): exactly. */
export function isAtMostBound(value: number, index: number, schema: number): boolean {
	const perDoubling = 2 ** schema;
	const [mantissa, exponent] = partsOf(value);
	// (mantissa * 2^exponent)^perDoubling <= 2^index, in integers.
	const shift = exponent * perDoubling - index;
	const power = mantissa ** BigInt(perDoubling);
	return shift >= 0 ? power << BigInt(shift) <= 1n : power <= 1n << BigInt(-shift);
}

/** The index of the native bucket that a value belongs in. */
export function indexOf(value: number, schema: number): number {
	let index = Math.round(Math.log2(value) * 2 ** schema) - 2;
	while (!isAtMostBound(value, index, schema)) index += 1;
	return index;
}

/** A positive double as an integer and a power of 2. */
function partsOf(value: number): [mantissa: bigint, exponent: number] {
	const bits = new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n;
	const exponent = Number(bits >> 52n);
	const fraction = bits & (2n ** 52n - 1n);
	return exponent === 0 ? [fraction, -1074] : [fraction + 2n ** 52n, exponent - 1075];
}
