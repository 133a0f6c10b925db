import type { Source } from "../../src/exposition/source.ts";
import type { Recorder } from "../../src/metrics/recorder.ts";

/** What the recorder holds now, to be written. */
export function sourceOf(recorder: Recorder, more: Partial<Source> = {}): Source {
	const { exemplars, native, series, store } = recorder;
	const slots = store.slots.slice(0, store.used);
	return { series, slots, exemplars, native, constantLabels: {}, foreign: [], ...more };
}

/** Runs a generator to its end. */
export function runSteps<T>(generator: Generator<undefined, T, undefined>): T {
	for (;;) {
		const { done, value } = generator.next();
		if (done === true) return value;
	}
}
