import type { Recorder } from "../metrics/recorder.ts";

/** Sets all counters and histograms of a recorder to 0; gauges say what is, so they stay. */
export function clearRecorder(recorder: Recorder): void {
	const { series } = recorder;
	const { slots } = recorder.store;
	recorder.exemplars.clear();
	for (const { labelSets, layout } of Object.values(series)) {
		for (const { definition, histogram, offset, width } of layout.placements) {
			if (definition.type === "gauge") continue;
			const length = width * (definition.variants?.values.length ?? 1);
			for (const { base } of labelSets) {
				slots.fill(0, base + offset, base + offset + length);
				if (histogram === undefined) continue;
				// The native buckets stand right behind the classic ones.
				const buckets = histogram.bounds.length + 1 + (recorder.native?.width ?? 0);
				slots.fill(0, base + histogram.offset, base + histogram.offset + buckets);
			}
		}
	}
}
