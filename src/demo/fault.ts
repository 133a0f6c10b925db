import type { Random } from "./random.ts";

/** What can go wrong at the simulated provider, and how often each does among the faults. */
const WEIGHTS = [
	["rate_limit", 34],
	["overloaded", 16],
	["server_error", 14],
	["stream_error", 8],
	["cut", 8],
	["hang", 5],
	["context_length", 7],
	["bad_key", 4],
	["quota", 4],
] as const;

/** The names of the faults. */
export type Fault = (typeof WEIGHTS)[number][0];

/** All of them. */
export const FAULTS: readonly Fault[] = WEIGHTS.map(([fault]) => fault);

/** Faults that a second attempt may not meet again. */
const PASSING: ReadonlySet<Fault> = new Set(["rate_limit", "overloaded", "server_error", "cut", "hang"]);

/** A provider that was in trouble a moment ago often still is. */
const STILL_IN_TROUBLE = 0.35;

/** What is told to a caller: a fault, or a mistake of the request itself. */
export type Failure =
	| { readonly kind: "rate_limit"; readonly model: string; readonly retryAfterMs: number }
	| { readonly kind: "overloaded" | "server_error" | "bad_key" | "quota" }
	| { readonly kind: "context_length"; readonly limit: number; readonly tokens: number }
	| { readonly kind: "unknown_model"; readonly model: string }
	| { readonly kind: "unknown_path"; readonly method: string; readonly path: string }
	| { readonly kind: "invalid_request"; readonly message: string };

/** What to draw a fault for. */
export interface FaultOdds {
	/** The share of first attempts that meet a fault, 0 to 1. */
	readonly errorRate: number;
	/** Only these. */
	readonly among: readonly Fault[];
	readonly stream: boolean;
	/** Which attempt of its operation the request is, from 0. */
	readonly retryCount: number;
}

/** The fault that a request meets; mostly `undefined`. */
export function drawFault(random: Random, odds: FaultOdds): Fault | undefined {
	const retry = odds.retryCount > 0;
	const rate = retry && odds.errorRate > 0 ? Math.max(odds.errorRate, STILL_IN_TROUBLE) : odds.errorRate;
	if (!random.chance(rate)) return undefined;
	const [first, ...rest] = WEIGHTS.filter(
		([fault]) =>
			odds.among.includes(fault) &&
			(odds.stream || fault !== "stream_error") &&
			(!retry || odds.errorRate === 1 || PASSING.has(fault)),
	);
	return first === undefined ? undefined : random.weighted([first, ...rest]);
}
