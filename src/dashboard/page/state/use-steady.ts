import { useMemo, useRef } from "preact/hooks";

interface Known<T> {
	readonly text: string;
	readonly item: T;
}

/** The same items, where they say what they said last time the very objects of then: their rows need not be drawn again. */
export function useSteady<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
	const known = useRef<ReadonlyMap<string, Known<T>>>(new Map());
	return useMemo(() => {
		const next = new Map<string, Known<T>>();
		for (const item of items) {
			const key = keyOf(item);
			const text = JSON.stringify(item);
			const last = known.current.get(key);
			next.set(key, last?.text === text ? last : { text, item });
		}
		known.current = next;
		return [...next.values()].map(({ item }) => item);
	}, [items]);
}
