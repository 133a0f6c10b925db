import fc from "fast-check";
import { expect, test } from "vitest";
import { callId } from "../../src/core/call-id.ts";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { readRow } from "../../src/ledger/read-row.ts";
import { PAGE_ROWS, RowPage } from "../../src/ledger/row-page.ts";
import { decodeFrames, encodeFrame } from "../../src/ledger/spool-frame.ts";

const count = fc.option(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { nil: undefined });
const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
	fc.option(values, { nil: undefined });
const usage = fc
	.record({
		inputUncached: count,
		cacheRead: count,
		cacheWrite5m: count,
		cacheWrite1h: count,
		output: count,
		reasoning: count,
		inputAudio: count,
		webSearches: count,
	})
	.map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))
	.filter((fields) => Object.keys(fields).length > 0);

const calls: fc.Arbitrary<SettledCall> = fc.record({
	id: fc.nat().map((sequence) => callId(sequence, "019abb1c2d3e4f5a6b7c8d")),
	operation: fc.constantFrom("chat", "embeddings"),
	route: name,
	provider: name,
	model: name,
	answeredModel: optional(name),
	startedAt: fc.double({
		min: 0,
		max: 4e12,
		noNaN: true,
	}),
	latencyMs: fc.double({
		min: 0,
		max: 1e9,
		noNaN: true,
	}),
	timeToFirstTokenMs: optional(
		fc.double({
			min: 0,
			max: 1e9,
			noNaN: true,
		}),
	),
	timePerOutputTokenMs: fc.constant(undefined),
	outcome: fc.constantFrom("success", "error", "aborted", "abandoned"),
	errorType: fc.constantFrom("rate_limit", undefined),
	usage: optional(usage),
	usageMissing: fc.constantFrom("aborted", undefined),
	costUsd: optional(fc.nat({ max: 1e7 }).map((n) => n / 1e4)),
	priceSource: fc.constantFrom("override", undefined),
	pricedModel: optional(name),
	unpriced: fc.constantFrom("unknown_model", undefined),
	exemplar: fc.constant(undefined),
	attempts: fc.nat({ max: 9 }),
	tags: optional(fc.constantFrom({ team: "search" }, { team: "ü" })),
});

test("what is written into a page is read from it, and from a spool's frame", () => {
	fc.assert(
		fc.property(fc.array(calls, { minLength: 1, maxLength: 20 }), (written) => {
			const page = new RowPage();
			for (const call of written) page.addCall(call, call.route, call.model);
			const slice = { values: page.values, names: page.names, from: 0, to: page.count };
			const read = written.map((_, i) => readRow(slice, i));
			expect(read).toEqual(
				written.map((call) => ({
					process: "019abb1c2d3e4f5a6b7c8d",
					sequence: Number.parseInt(call.id.slice(23), 36),
					source: "call",
					at: Math.floor(call.startedAt),
					route: call.route,
					model: call.model,
					answeredModel: call.answeredModel,
					provider: call.provider,
					operation: call.operation,
					outcome: call.outcome,
					errorType: call.errorType,
					usage: call.usage,
					usageMissing: call.usageMissing,
					unpriced: call.unpriced,
					priceSource: call.priceSource,
					pricedModel: call.pricedModel,
					tags: call.tags,
					latencyMs: call.latencyMs,
					timeToFirstTokenMs: call.timeToFirstTokenMs,
					attempts: call.attempts,
					cost:
						call.costUsd === undefined
							? undefined
							: {
									whole: Math.floor(call.costUsd),
									pico: Math.round((call.costUsd * 1e4) % 1e4) * 1e8,
								},
				})),
			);
			expect([...decodeFrames(encodeFrame(slice, 1))]).toEqual([read]);
		}),
	);
});

test("a record by hand has what it was told, and is no call", () => {
	const page = new RowPage();
	page.addManual(3, "chat", "m", { input: 150, output: 50 }, 0);
	page.addManual(4, "chat", "m", { input: 0, output: 0 }, 0.0025);
	const slice = { values: page.values, names: page.names, from: 0, to: 2 };
	const none = {
		answeredModel: undefined,
		operation: undefined,
		outcome: undefined,
		latencyMs: undefined,
		tags: undefined,
	};
	expect(readRow(slice, 0)).toMatchObject({
		source: "manual",
		sequence: 3,
		route: "chat",
		model: "m",
		provider: "",
		attempts: 0,
		...none,
		usage: {
			inputUncached: 150,
			output: 50,
		},
		cost: undefined,
	});
	expect(readRow(slice, 1)).toMatchObject({ usage: undefined, cost: { whole: 0, pico: 2_500_000_000 } });
});

test("a page is full after its rows, and names are in it once", () => {
	const page = new RowPage();
	for (let i = 0; i < PAGE_ROWS; i += 1) page.addManual(i, "chat", "m", { input: 1, output: 1 }, 0);
	expect(page.isFull).toBe(true);
	expect(page.names.length).toBe(3);
});
