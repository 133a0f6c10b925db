import type { MetricScope } from "./catalog.ts";
import type { NativeSchema } from "./native-histogram.ts";

/** The most label sets of each scope. */
export interface Bounds {
	/** (route, model) pairs; 1,000. */
	readonly pairs: number;
	/** Routes of the response cache; 1,000. */
	readonly routes: number;
	/** (provider, model) targets; 1,000. */
	readonly targets: number;
}

/** What a recorder is made with. */
export interface RecorderOptions {
	readonly latencyBuckets?: readonly number[] | undefined;
	readonly timeToFirstTokenBuckets?: readonly number[] | undefined;
	readonly timePerOutputTokenBuckets?: readonly number[] | undefined;
	readonly bounds?: Partial<Bounds> | undefined;
	/** The resolution of native histograms beside the classic ones; none unless given. */
	readonly nativeSchema?: NativeSchema | undefined;
	/** Told once for each scope, when a bound turns labels into `other` for the first time. */
	readonly onOverflow?: ((scope: MetricScope) => void) | undefined;
}
