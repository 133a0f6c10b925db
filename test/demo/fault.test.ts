import { expect, test } from "vitest";
import { drawFault, type Fault, FAULTS, type FaultOdds } from "../../src/demo/fault.ts";
import { Random } from "../../src/demo/random.ts";

function draw(odds: Partial<FaultOdds>): (Fault | undefined)[] {
	const random = new Random(4);
	const all: FaultOdds = { errorRate: 0.1, among: FAULTS, stream: true, retryCount: 0, ...odds };
	return Array.from({ length: 10_000 }, () => drawFault(random, all));
}

test("first attempts meet a fault as often as asked for, and each kind comes", () => {
	const faults = draw({}).filter((fault) => fault !== undefined);
	// 1,000 expected; five standard deviations of the binomial are 150.
	expect(Math.abs(faults.length - 1000)).toBeLessThan(150);
	expect(new Set(faults)).toEqual(new Set(FAULTS));
	expect(draw({ errorRate: 0 }).every((fault) => fault === undefined)).toBe(true);
	expect(draw({ errorRate: 0, retryCount: 1 }).every((fault) => fault === undefined)).toBe(true);
	expect(draw({ errorRate: 1 }).every((fault) => fault !== undefined)).toBe(true);
});

test("only a stream can fail inside a stream, and only what passes is met again", () => {
	expect(draw({ stream: false })).not.toContain("stream_error");
	const again = new Set(draw({ retryCount: 1 }));
	expect(again).toContain("rate_limit");
	for (const lasting of ["quota", "bad_key", "context_length"] as const) expect(again).not.toContain(lasting);
});

test("no other faults than those allowed", () => {
	expect(new Set(draw({ among: ["cut"] }))).toEqual(new Set([undefined, "cut"]));
	expect(new Set(draw({ among: [] }))).toEqual(new Set([undefined]));
});
