import type { ContenderName } from "./contender.ts";
import { type BenchResult, type CaseResult, find, median, net, timesOf } from "./result.ts";

/** One of the goals that this package is held to. */
export interface Goal {
	readonly title: string;
	/** The case of ours. */
	readonly case: string;
	/** What it is compared with; nothing where the figure stands for itself. */
	readonly against?: { readonly contender: ContenderName; readonly case: string };
	/** `times`: how many times faster ours is; `over`: how much more it takes; `figure`: what it takes. */
	readonly measure: "times" | "over" | "figure";
	readonly goal: number;
	readonly unit: "×" | "ns" | "ms" | "%" | "KB" | "bytes";
	/** From the unit of the case to that of the goal. */
	readonly scale?: number;
	/**
	 * Where the goal is missed today: about twice what is reached, so that a regression is seen all the same. `none` for an
	 * absolute figure whose ratio, which a slow machine does not change, has a gate beside it.
	 */
	readonly gate?: number | "none";
}

/** How a goal stands. */
export interface Verdict {
	readonly goal: Goal;
	/** The medians of ours and of theirs, in the unit of the case. */
	readonly ours: number;
	readonly theirs: number | undefined;
	/** In the unit of the goal. */
	readonly reached: number;
	readonly met: boolean;
	/** Half of a goal that is a ratio, twice of one that is a size, so that only a real regression turns red. */
	readonly gate: number | "none";
	readonly passed: boolean;
}

/** All goals. */
export const GOALS: readonly Goal[] = [
	{
		title: "a bound counter, over an empty loop",
		case: "counter-bound",
		against: { contender: "baseline", case: "counter-bound" },
		measure: "over",
		goal: 3,
		unit: "ns",
	},
	times(80, "prom-client", "counter-bound", "a bound counter"),
	times(12, "prom-client", "counter-labels", "a counter by labels"),
	times(20, "prom-client", "histogram-labels", "a histogram by labels"),
	times(50, "prom-client", "histogram-bound", "a bound histogram"),
	times(50, "prom-client", "request", "one request's records, hot"),
	times(90, "opentelemetry", "request", "one request's records, hot"),
	times(25, "prom-client", "request-native", "the same, native histograms on", "request"),
	times(10, "prom-client", "request-cold", "one request's records, cold"),
	times(5, "prometheus-io", "scrape-10000-all", "a scrape of 10,000 lines, all changed"),
	times(30, "prometheus-io", "scrape-10000-some", "a scrape of 10,000 lines, 1 % changed"),
	{ ...figure(5, "%", "instrumented-call", "what instrument adds to a call"), gate: 20 },
	{ ...figure(2000, "ns", "instrumented-stream", "what it adds to an event of a stream"), gate: "none" },
	figure(20, "%", "instrumented-stream-share", "the same, of the plain client's event"),
	figure(100, "ns", "price-card", "pricing an answer by a compiled card"),
	figure(20, "ms", "ledger-turn-work", "the longest turn of work at 50,000 calls a second into a ledger"),
	figure(100, "ms", "ledger-query-10000000", "costs by model and day over 10,000,000 rows of a ledger"),
	figure(10, "ms", "loop-100000", "the longest turn of the event loop, 100,000 lines"),
	{ ...figure(12, "KB", "memory-400", "memory for 400 lines"), scale: 400 / 1024 },
	figure(25, "bytes", "memory-10000", "memory a line, 10,000 lines"),
];

function times(goal: number, contender: ContenderName, name: string, title: string, theirs = name): Goal {
	return { title, case: name, against: { contender, case: theirs }, measure: "times", goal, unit: "×" };
}

function figure(goal: number, unit: "ns" | "ms" | "%" | "KB" | "bytes", name: string, title: string): Goal {
	return { title, case: name, measure: "figure", goal, unit };
}

/** Whether a gate wants that case of that contender. */
export function isWanted(contender: ContenderName, name: string): boolean {
	return GOALS.some(
		({ against, case: own, gate }) =>
			gate !== "none" &&
			((contender === "ours" && name === own) ||
				(contender === "baseline" && (name === own || name === against?.case)) ||
				(contender === against?.contender && name === against.case)),
	);
}

/** How each goal stands whose figures are in the result; those that were not measured are left out. */
export function judge(result: BenchResult): Verdict[] {
	return GOALS.flatMap((goal) => {
		const ours = find(result, "ours", goal.case);
		const theirs = goal.against && find(result, goal.against.contender, goal.against.case);
		if (ours === undefined || (goal.against !== undefined && theirs === undefined)) return [];
		const isTimes = goal.measure === "times";
		const rounds = (found: CaseResult): readonly number[] => (isTimes ? net(result, found) : found.rounds);
		const reached = compare(goal, rounds(ours), theirs === undefined ? [] : rounds(theirs));
		const gate = goal.gate ?? (goal.measure === "times" ? goal.goal / 2 : goal.goal * 2);
		// Not `reached < goal` or the like: a figure that is not a number must not pass.
		const holds = (limit: number) => (goal.measure === "times" ? reached >= limit : reached <= limit);
		const met = holds(goal.goal);
		const passed = gate === "none" ? !Number.isNaN(reached) : holds(gate);
		return [{ goal, ours: ours.value, theirs: theirs?.value, reached, met, gate, passed }];
	});
}

/** The median over rounds: ours and theirs of one round were measured one after the other. */
function compare({ measure, scale = 1 }: Goal, ours: readonly number[], theirs: readonly number[]): number {
	if (measure === "times") return timesOf(ours, theirs);
	if (measure === "figure") return median(ours) * scale;
	return median(ours.map((own, round) => own - (theirs[round] ?? Number.NaN)));
}
