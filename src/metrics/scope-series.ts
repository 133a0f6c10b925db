import type { Operation } from "../core/settled-call.ts";
import type { ScopeLayout } from "./layout.ts";

/** One label set: its values in the order of the scope's labels, and its first slot. */
export interface LabelSet {
	readonly values: readonly string[];
	readonly base: number;
	/** Milliseconds since the epoch. */
	readonly createdAt: number;
}

/** What the first call of a (route, model) pair said of itself; a pair that is only recorded by hand has none. */
export interface PairOrigin {
	readonly provider: string;
	readonly operation: Operation;
}

/** All series of one scope. */
export interface ScopeSeries {
	readonly layout: ScopeLayout;
	/** Only ever grows, in the order of first use. */
	readonly labelSets: readonly LabelSet[];
}
