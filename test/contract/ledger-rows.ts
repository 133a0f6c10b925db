import fc from "fast-check";
import type { LedgerEvent } from "../../src/ledger/ledger-event.ts";
import type { LedgerRow } from "../../src/ledger/ledger-row.ts";

/** 2026-11-25T07:00Z, the start of an hour. */
export const SEVEN: number = Date.UTC(2026, 10, 25, 7);
export const HOUR_MS = 3_600_000;

/** A row of one call; what matters to a test is given. */
export function row(sequence: number, more: Partial<LedgerRow> = {}): LedgerRow {
	return {
		process: "p1",
		sequence,
		source: "call",
		at: SEVEN,
		route: "chat",
		model: "gpt-4-turbo",
		answeredModel: undefined,
		provider: "openai",
		operation: "chat",
		outcome: "success",
		errorType: undefined,
		usage: { inputUncached: 100, output: 50 },
		usageMissing: undefined,
		cost: { whole: 0, pico: 2_500_000_000 },
		unpriced: undefined,
		priceSource: "genai-prices",
		pricedModel: "gpt-4-turbo",
		latencyMs: 1250.5,
		timeToFirstTokenMs: undefined,
		attempts: 1,
		tags: undefined,
		...more,
	};
}

const count = fc.option(fc.nat({ max: 1e9 }), { nil: undefined });
const tokens = fc
	.record({
		inputUncached: count,
		cacheRead: count,
		cacheWrite5m: count,
		cacheWrite1h: count,
		output: count,
		reasoning: count,
	})
	.map((usage) => Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined)));

/** A row that is no call. */
export function eventRow(sequence: number, event: LedgerEvent, more: Partial<LedgerRow> = {}): LedgerRow {
	const none = { usage: undefined, cost: undefined, priceSource: undefined, pricedModel: undefined } as const;
	const by = { source: "manual", operation: undefined, outcome: undefined, latencyMs: undefined } as const;
	return row(sequence, { ...none, ...by, attempts: 0, event, ...more });
}

/** Any events, whose numbers are none of {@link anyRows}. */
export const anyEvents: fc.Arbitrary<LedgerRow[]> = fc
	.array(
		fc.record({
			sequence: fc.integer({ min: 41, max: 80 }),
			event: fc.constantFrom<LedgerEvent>(
				"latency",
				"error",
				"cache_hit",
				"cache_miss",
				"rate_limited",
				"unpriced",
				"served",
			),
			at: fc.integer({ min: SEVEN - 30 * HOUR_MS, max: SEVEN + 30 * HOUR_MS }),
			route: fc.constantFrom("chat", "search", "ü"),
			latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
			errorType: fc.constantFrom("timeout", "network"),
			saved: fc.record({ whole: fc.nat({ max: 1e6 }), pico: fc.nat({ max: 999_999_999 }) }),
		}),
		{ maxLength: 30 },
	)
	.map((events) =>
		events.map(({ at, errorType, event, latencyMs, route, saved, sequence }) =>
			eventRow(sequence, event, {
				at,
				route,
				...(event === "latency" ? { latencyMs } : undefined),
				...(event === "error" ? { errorType } : undefined),
				...(event === "served" ? { saved } : undefined),
				...(event.startsWith("cache") ? { model: "", provider: "" } : undefined),
			}),
		),
	);

/** Any rows at all, of few enough names for them to meet. */
export const anyRows: fc.Arbitrary<LedgerRow[]> = fc
	.array(
		fc.record({
			process: fc.constantFrom("p1", "p2"),
			sequence: fc.integer({ min: 1, max: 40 }),
			at: fc.integer({ min: SEVEN - 30 * HOUR_MS, max: SEVEN + 30 * HOUR_MS }),
			route: fc.constantFrom("chat", "search", "ü"),
			model: fc.constantFrom("a", "b"),
			provider: fc.constantFrom("openai", "anthropic", ""),
			outcome: fc.constantFrom("success", "error", "aborted", "abandoned", undefined),
			usage: fc.option(
				tokens.filter((usage) => Object.keys(usage).length > 0),
				{ nil: undefined },
			),
			cost: fc.option(
				fc.record({ whole: fc.nat({ max: 1e6 }), pico: fc.nat({ max: 999_999 }).map((n) => n * 1_000_001) }),
				{
					nil: undefined,
				},
			),
			latencyMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
			timeToFirstTokenMs: fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { nil: undefined }),
			unpriced: fc.constantFrom("unknown_model", undefined),
			usageMissing: fc.constantFrom("aborted", undefined),
			tags: fc.constantFrom(undefined, { team: "search" }, { team: "ads", tier: "1" }),
		}),
		{ maxLength: 60 },
	)
	.map((rows) =>
		rows.map(({ sequence, ...more }) =>
			row(sequence, {
				...more,
				errorType: more.outcome === "error" ? (["timeout", "quota"] as const)[sequence % 2] : undefined,
				source: more.outcome === undefined ? "manual" : "call",
			}),
		),
	);
