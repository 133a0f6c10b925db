import { describe, expect, test } from "vitest";
import { CASES } from "../../bench/cases.ts";
import { GOALS, isWanted, judge } from "../../bench/gates.ts";
import { benchmarksPage } from "../../bench/page.ts";
import type { BenchResult, CaseResult } from "../../bench/result.ts";

/** A result in which every goal is just met, but everything of ours takes `factor` times as long and as much. */
function planted(factor = 1): BenchResult {
	const ours = new Map<string, number>();
	const theirs = new Map<string, number>();
	for (const { against, case: name, goal, measure, scale = 1 } of GOALS) {
		const other = `${against?.contender} ${against?.case}`;
		if (measure !== "times") ours.set(name, ours.get(name) ?? goal / scale);
		if (measure === "over") theirs.set(other, 0);
		if (measure !== "times") continue;
		const value = ours.get(name) ?? (theirs.get(other) ?? goal) / goal;
		ours.set(name, value);
		theirs.set(other, theirs.get(other) ?? value * goal);
	}
	const rounds = (value: number): Pick<CaseResult, "value" | "rounds"> => ({
		value,
		rounds: [value, value * 1.01, value * 0.99],
	});
	const results = GOALS.flatMap(({ against, case: name }): CaseResult[] => [
		{ contender: "ours", case: name, ...rounds((ours.get(name) ?? 0) * factor) },
		...(against === undefined
			? []
			: [{ ...against, ...rounds(theirs.get(`${against.contender} ${against.case}`) ?? 0) }]),
	]);
	return { node: "24.0.0", cpu: "a CPU", cores: 2, day: "2026-01-31", versions: {}, ms: 100, results };
}

/** The same, with one figure of ours replaced. */
function withOurs(result: BenchResult, name: string, factor: number): BenchResult {
	const results = result.results.map((one) =>
		one.contender === "ours" && one.case === name
			? { ...one, value: one.value * factor, rounds: one.rounds.map((value) => value * factor) }
			: one,
	);
	return { ...result, results };
}

describe("the gates of the benchmark", () => {
	test("every goal is of cases that there are, and asked for by --gate where it has one", () => {
		const known = CASES.map(({ name }) => name);
		for (const { against, case: name, gate } of GOALS) {
			expect(known).toContain(name);
			expect(isWanted("ours", name)).toBe(gate !== "none");
			if (against === undefined) continue;
			expect(known).toContain(against.case);
			expect(isWanted(against.contender, against.case)).toBe(true);
		}
		expect(isWanted("opentelemetry", "counter-bound")).toBe(false);
	});

	test("what is nearly as good as promised passes", () => {
		const verdicts = judge(planted(1.8));
		expect(verdicts).toHaveLength(GOALS.length);
		expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
		expect(verdicts.filter(({ met }) => met)).toEqual([]);
	});

	// Where a goal is missed today, its gate stands further out.
	const regressions = GOALS.flatMap(({ case: name, gate, goal, measure }) => {
		if (gate === "none") return [];
		const factor = measure === "times" ? goal / (gate ?? goal / 2) : (gate ?? goal * 2) / goal;
		return [[name, factor * 1.1] as const];
	});

	test("an absolute figure without a gate has its ratio beside it, with one", () => {
		const gated = GOALS.filter(({ gate }) => gate !== "none").map((goal) => `${goal.case} ${goal.unit}`);
		const free = GOALS.filter(({ gate }) => gate === "none").map((goal) => goal.case);
		expect(free).toEqual(["instrumented-stream"]);
		for (const name of free) expect(gated).toContain(`${name}-share %`);
	});

	test.each(regressions)("a regression of %s alone is caught", (name, factor) => {
		const failed = judge(withOurs(planted(), name, factor)).filter(({ passed }) => !passed);
		expect(failed.length).toBeGreaterThan(0);
		expect(new Set(failed.map(({ goal }) => goal.case))).toEqual(new Set([name]));
	});

	test("one slow round is not a regression, and a figure that is no number is no pass", () => {
		const good = planted();
		const slowOnce = good.results.map((one) => ({
			...one,
			rounds: [one.value * 100, ...one.rounds.slice(1)],
		}));
		const ours = (one: CaseResult) => one.contender === "ours";
		const mixed = good.results.map((one, i) => (ours(one) ? slowOnce[i]! : one));
		expect(judge({ ...good, results: mixed }).filter(({ passed }) => !passed)).toEqual([]);
		const broken = good.results.map((one) => (ours(one) ? { ...one, rounds: [Number.NaN] } : one));
		expect(judge({ ...good, results: broken }).filter(({ passed }) => passed)).toEqual([]);
	});

	test("what was not measured is not judged", () => {
		const { results, ...rest } = planted();
		expect(judge({ ...rest, results: results.filter(({ contender }) => contender !== "ours") })).toEqual([]);
	});

	test("the page says what was reached and what failed", () => {
		const result = withOurs(planted(), "counter-labels", 3);
		const page = benchmarksPage(result, judge(result));
		expect(page).toContain("Node.js 24.0.0 on 2 × a CPU, 2026-01-31; medians of 3 rounds, 100 ms a case");
		expect(page).toMatch(/a counter by labels .*\| missed \| ≥ 6 ×: FAILED/);
	});
});
