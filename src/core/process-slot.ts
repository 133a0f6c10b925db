/** A place in the process that all loaded copies of this package share. */
export interface ProcessSlot<T> {
	value: T | undefined;
}

/**
 * The process-wide slot of that name: one per process even when the package is loaded twice, because
 * it hangs on `globalThis`. Raise the version in the key when a slot's type changes incompatibly.
 */
export function processSlot<T>(name: string): ProcessSlot<T> {
	const key = Symbol.for(`@hyperagent/observe/v1/${name}`);
	// globalThis has no type for symbols that nobody declared; the key's version is the type's.
	const holder = globalThis as unknown as Record<symbol, ProcessSlot<T> | undefined>;
	let slot = holder[key];
	if (slot === undefined) {
		slot = { value: undefined };
		Object.defineProperty(holder, key, { value: slot });
	}
	return slot;
}
