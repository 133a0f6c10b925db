/** A rendered exposition. Its bytes are never changed. */
export interface Rendered {
	readonly bytes: Uint8Array;
	/** One behind the other, from the first byte to the last. */
	readonly families: readonly FamilyRange[];
}

/** The bytes of one family. */
export interface FamilyRange {
	readonly name: string;
	readonly start: number;
	readonly end: number;
}

/** Only the families with these names. */
export function pickFamilies({ bytes, families }: Rendered, names: ReadonlySet<string>): Uint8Array {
	const picked = families.filter(({ name }) => names.has(name));
	return Buffer.concat(picked.map(({ end, start }) => bytes.subarray(start, end)));
}
