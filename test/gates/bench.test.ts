import { expect, test } from "vitest";
import { GOALS, isWanted, judge } from "../../bench/gates.ts";
import { measureAll, SHORT } from "../../bench/rounds.ts";

/** What takes longest: `npm run bench` measures it. */
const LEFT_OUT = /100000/;

test("the recorder and its scrapes are at least half as fast and twice as small as promised", async () => {
	const wants = (contender: Parameters<typeof isWanted>[0], name: string): boolean =>
		!LEFT_OUT.test(name) && isWanted(contender, name);
	const verdicts = judge(await measureAll({ ...SHORT, wants }));
	const named = ({ goal, reached }: (typeof verdicts)[number]): string =>
		`${goal.title}: ${reached} ${goal.unit}, the goal is ${goal.goal}`;
	expect(verdicts.filter(({ passed }) => !passed).map(named)).toEqual([]);
	// Nothing goes unmeasured without a word.
	const gated = GOALS.filter(({ gate }) => gate !== "none");
	const missing = gated.filter((goal) => !verdicts.some((verdict) => verdict.goal === goal));
	expect(missing.map((goal) => goal.case).filter((name) => !LEFT_OUT.test(name))).toEqual([]);
}, 900_000);
