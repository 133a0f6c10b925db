/** charts/: pictures over time, drawn by uPlot, and small ones in tables. This file: their colours, from the style sheet. */
import { useEffect, useState } from "preact/hooks";

/** How many colours there are; what is beyond is grey. */
export const HUES = 7;

/** Which colour: one of the style sheet's `--hue-1` to `--hue-7`, or grey. */
export type Hue = 1 | 2 | 3 | 4 | 5 | 6 | 7 | "rest";

/** The n-th of a list has the n-th colour. */
export function hueAt(index: number): Hue {
	const hues: readonly Hue[] = [1, 2, 3, 4, 5, 6, 7];
	return hues[index] ?? "rest";
}

/** A colour of the style sheet as it is now: canvas knows no variables. */
export function colourOf(name: string): string {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Whether the system is dark; changes with it. */
export function useIsDark(): boolean {
	const [isDark, setIsDark] = useState(() => darkness().matches);
	useEffect(() => {
		const query = darkness();
		const change = (): void => setIsDark(query.matches);
		query.addEventListener("change", change);
		return () => query.removeEventListener("change", change);
	}, []);
	return isDark;
}

function darkness(): MediaQueryList {
	return matchMedia("(prefers-color-scheme: dark)");
}
