/** The recorder where it might give way: very many calls, very much money, very many names. */
import fc from "fast-check";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { formatCents } from "../../src/core/money.ts";
import { Exposition } from "../../src/exposition/exposition.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { takeSnapshot } from "../../src/metrics/snapshot.ts";

function cents(recorder: Recorder): string {
	const text = new Exposition(recorder).renderText();
	return /^llm_cost_usd_total\{.*} (\S+)$/m.exec(text)?.[1] ?? "";
}

test("a thousand million costs of $0.0000001 are exactly $100", { timeout: 60_000 }, () => {
	const recorder = new Recorder();
	const pair = recorder.pair("chat", "m");
	for (let i = 0; i < 1_000_000_000; i += 1) recorder.cost(pair, 0.0000001);
	expect(cents(recorder)).toBe("10000");
});

test("sums of any amounts are those of integers of any size, far past $9,007", () => {
	// Amounts that have an exact number of 10⁻¹² dollars: up to $8,000 each, and many of them.
	const amount = fc.tuple(fc.nat({ max: 7999 }), fc.nat({ max: 999_999_999_999 }));
	fc.assert(
		fc.property(fc.array(amount, { minLength: 1, maxLength: 400 }), (amounts) => {
			const recorder = new Recorder();
			const pair = recorder.pair("chat", "m");
			let expected = 0n;
			for (const [dollars, pico] of amounts) {
				recorder.cost(pair, Number(`${dollars}.${String(pico).padStart(12, "0")}`));
				expected += BigInt(dollars) * 10n ** 12n + BigInt(pico);
			}
			const whole = Number(expected / 10n ** 12n);
			expect(cents(recorder)).toBe(formatCents(whole, Number(expected % 10n ** 12n)));
		}),
	);
});

test("a million models leave at most a thousand pairs, exact sums, and no memory", {
	timeout: 60_000,
}, () => {
	setFlagsFromString("--expose-gc");
	const gc: () => void = runInNewContext("gc");
	const recorder = new Recorder();
	const used = (): number => {
		gc();
		const { arrayBuffers, heapUsed } = process.memoryUsage();
		return heapUsed + arrayBuffers;
	};
	const record = (from: number, to: number): void => {
		for (let i = from; i < to; i += 1) {
			const pair = recorder.pair(`route-${i % 7}`, `model-${i}`);
			recorder.tokens(pair, i, 1);
			recorder.cost(pair, 0.0000001);
		}
	};
	record(0, 2000);
	const before = used();
	record(2000, 1_000_000);
	expect(used() - before).toBeLessThan(100_000);

	const snapshot = takeSnapshot(recorder);
	const sum = (name: string): number => (snapshot[name] ?? []).reduce((all, { value }) => all + value, 0);
	expect(snapshot["llm_tokens_total"]?.length).toBeLessThanOrEqual(1000);
	// 0 + 1 + … + 999,999
	expect(sum("llm_tokens_input_total")).toBe(499_999_500_000);
	expect(sum("llm_tokens_output_total")).toBe(1_000_000);
	expect(sum("llm_cost_usd_total")).toBeCloseTo(10, 9);
	// Routes keep their names, also where their models have none.
	const routes = new Set(snapshot["llm_tokens_total"]?.map(({ labels }) => labels["route"]));
	expect(routes).toEqual(new Set(Array.from({ length: 7 }, (_, i) => `route-${i}`)));
});
