import { CASES, type Unit } from "./cases.ts";
import { CONTENDERS, type ContenderName } from "./contender.ts";
import type { Verdict } from "./gates.ts";
import { type BenchResult, type CaseResult, find, net, timesOf } from "./result.ts";

/** Where and when it was measured, in one line. */
export function machineLine({ cores, cpu, day, ms, node, results }: BenchResult): string {
	const rounds = Math.max(0, ...results.map((result) => result.rounds.length));
	return `Node.js ${node} on ${cores} × ${cpu}, ${day}; medians of ${rounds} rounds, ${ms} ms a case`;
}

/**
 * The figures as a Markdown table: a row a case, and after each other contender's figure how many times ours it is, both
 * without the baseline.
 */
export function figuresTable(result: BenchResult): string {
	const present = CONTENDERS.filter((name) => result.results.some(({ contender }) => contender === name));
	const rows = CASES.flatMap(({ name, title, unit }) => {
		const found = present.map((contender) => find(result, contender, name));
		if (found.every((one) => one === undefined)) return [];
		const ours = find(result, "ours", name);
		return [[`${title}, ${unit}`, ...found.map((one) => cell(result, one, ours, unit))]];
	});
	const heads = present.map((contender) => result.versions[contender] ?? contender);
	return table(["", ...heads], rows);
}

/** How the goals stand, as a Markdown table. */
export function goalsTable(verdicts: readonly Verdict[]): string {
	const rows = verdicts.map(({ gate, goal, met, ours, passed, reached, theirs }) => {
		const sign = goal.measure === "times" ? "≥" : "≤";
		const against: ContenderName | "" = goal.against?.contender ?? "";
		return [
			goal.title,
			theirs === undefined ? short(ours) : `${short(ours)} against ${short(theirs)} (${against})`,
			`${short(reached)} ${goal.unit}`,
			`${sign} ${goal.goal} ${goal.unit}`,
			met ? "met" : "missed",
			gate === "none" ? "as its ratio" : `${sign} ${gate} ${goal.unit}: ${passed ? "passed" : "FAILED"}`,
		];
	});
	return table(["", "ours", "reached", "goal", "", "gate"], rows);
}

function cell(
	result: BenchResult,
	found: CaseResult | undefined,
	ours: CaseResult | undefined,
	unit: Unit,
): string {
	if (found === undefined) return "–";
	const p99 = found.p99 === undefined ? "" : `, p99 ${short(found.p99)}`;
	const compared = ours === undefined || found === ours || found.contender === "baseline";
	const times = compared ? "" : ` (${short(timesOf(net(result, ours), net(result, found)))}×)`;
	return `${unit === "ns" && found.value < 0 ? "0" : short(found.value)}${p99}${times}`;
}

/** Three digits that count. */
function short(value: number): string {
	if (!Number.isFinite(value)) return String(value);
	return Math.abs(value) >= 100
		? Math.round(value).toLocaleString("en")
		: String(Number(value.toPrecision(3)));
}

/** A Markdown table that is also one to read in a terminal. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
	return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
