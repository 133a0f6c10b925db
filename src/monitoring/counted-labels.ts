import type { Pair } from "../ledger/ledger-options.ts";
import { installedRecorder, type Recorder } from "../metrics/recorder.ts";

/** What the recorder's guard puts in the place of labels in excess. */
const OTHER = "other";

/**
 * The labels that the installed recorder has counted a pair by: it bounds them, and admits pairs in an order of its own,
 * which that of the rows need not be. Asking it again would count what is in excess twice.
 */
export function countedLabels(): (route: string, model: string) => Pair {
	const counted = new Map<string, Map<string, Pair>>();
	let [seen, of]: [number, Recorder | undefined] = [0, undefined];
	const find = (route: string, model: string): Pair | undefined => counted.get(route)?.get(model);
	return (route, model) => {
		const { value: recorder } = installedRecorder;
		if (recorder === undefined) return { route, model };
		if (recorder !== of) counted.clear();
		if (recorder !== of) [seen, of] = [0, recorder];
		const { labelSets } = recorder.series.pair;
		for (; seen < labelSets.length; seen += 1) {
			const [first = "", second = ""] = labelSets[seen]?.values ?? [];
			if (!counted.has(first)) counted.set(first, new Map());
			counted.get(first)?.set(second, { route: first, model: second });
		}
		const found = find(route, model);
		if (found !== undefined) return found;
		const known = route.toWellFormed();
		return find(known, model.toWellFormed()) ?? find(known, OTHER) ?? find(OTHER, OTHER) ?? { route, model };
	};
}
