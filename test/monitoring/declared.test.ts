import { expect, test } from "vitest";
import { initPrometheus } from "../../src/monitoring/index.ts";

const names = (word: string, count: number): string[] =>
	Array.from({ length: count }, (_, i) => `${word}-${i}`);

test("what is declared and would become other is refused, with the room that it needs", () => {
	const declared = { routes: names("route", 10), models: names("model", 100) };
	expect(() => initPrometheus(declared)).toThrow(/room for 1011 label sets.*`bounds\.pairs`, got 1000/);
	const models = [{ provider: "openai", model: "m" }];
	expect(() => initPrometheus({ models, bounds: { targets: 2 } })).toThrow(/`bounds\.targets`, got 2/);
	expect(() => initPrometheus({ routes: ["a", "b"], bounds: { routes: 3 } })).toThrow(
		/`bounds\.routes`, got 3/,
	);
});

test("with that room every declared pair has series of its own", () => {
	const options = { routes: names("route", 10), models: names("model", 100), bounds: { pairs: 1011 } };
	const snapshot = initPrometheus(options).snapshot();
	expect(snapshot["llm_tokens_total"]).toHaveLength(1000);
	const overflow = snapshot["hyperagent_label_overflow_total"]?.map(({ value }) => value);
	expect(overflow).toEqual([0, 0, 0]);
});
