import { useMemo, useRef } from "preact/hooks";
import { type Hue, HUES, hueAt } from "./palette.ts";

/**
 * Who has which colour: a name keeps the one that it had, whatever its place is now; a new one takes one that nobody has
 * or, where there is none, that of a name that is gone. Colours of names that are gone are kept for them until then.
 */
export function assignHues(
	before: ReadonlyMap<string, Hue>,
	names: readonly string[],
): ReadonlyMap<string, Hue> {
	const hues = new Map<string, Hue>();
	for (const name of names) {
		const had = before.get(name);
		if (had !== undefined && had !== "rest") hues.set(name, had);
	}
	const gone = [...before].filter(([name, hue]) => !names.includes(name) && hue !== "rest");
	const taken = new Set([...hues.values(), ...gone.map(([, hue]) => hue)]);
	const free = Array.from({ length: HUES }, (_, i) => hueAt(i)).filter((hue) => !taken.has(hue));
	for (const name of names) {
		if (!hues.has(name)) hues.set(name, free.shift() ?? gone.shift()?.[1] ?? "rest");
	}
	return new Map([...gone, ...hues]);
}

/** The same for a chart that stays: colours do not change hands when the order does. Who has none is grey. */
export function useHues(names: readonly string[]): (name: string) => Hue {
	const last = useRef<ReadonlyMap<string, Hue>>(new Map());
	const hues = useMemo(() => assignHues(last.current, names), [JSON.stringify(names)]);
	last.current = hues;
	return (name) => (names.includes(name) ? (hues.get(name) ?? "rest") : "rest");
}

/** By colour, grey last: so layers of bars stay where they are, too. */
export function byHue<T extends { readonly hue: Hue }>(lines: readonly T[]): readonly T[] {
	const place = ({ hue }: T): number => (hue === "rest" ? HUES + 1 : hue);
	return lines.toSorted((a, b) => place(a) - place(b));
}
