import { expect, test } from "vitest";
import { COLUMNS, FIRST_SORTING, sortedBy, sortGroups } from "../../../src/dashboard/page/tables/sort.ts";
import type { SeriesGroup } from "../../../src/dashboard/series-answer.ts";

function group(model: string, costUsd: number, p50: number | null): SeriesGroup {
	const zero = { calls: 0, errors: 0, failed: 0, aborted: 0, abandoned: 0, inputTokens: 0, outputTokens: 0 };
	const cached = { cacheReadTokens: 0, cacheHits: 0, cacheMisses: 0, savedUsd: 0, rateLimited: 0 };
	const none = { p90: null, p99: null, firstTokenP50: null, firstTokenP99: null };
	const missing = { callsUsd: 0, unpriced: 0, withoutUsage: 0, exactUsd: "0", share: 0, spark: [] };
	return { ...zero, ...cached, ...none, ...missing, route: "chat", provider: "", model, costUsd, p50 };
}

const groups = [group("b", 3, null), group("a", 2, 10), group("c", 2, 30)];
const names = (column: string, descending: boolean): string =>
	sortGroups(groups, { column, descending })
		.map(({ model }) => model)
		.join("");

test("numbers and names sort both ways, and what is not known stands last in both", () => {
	expect(names("cost", true)).toBe("bac");
	expect(names("cost", false)).toBe("acb");
	expect(names("model", false)).toBe("abc");
	expect(names("model", true)).toBe("cba");
	expect(names("p50", true)).toBe("cab");
	expect(names("p50", false)).toBe("acb");
	expect(names("no such column", true)).toBe("bac");
});

test("a column begins with its interesting end, and turns round with the next click", () => {
	const click = (wanted: string): unknown =>
		COLUMNS.filter(({ name }) => name === wanted).map((column) => sortedBy(column, FIRST_SORTING));
	expect(click("cost")).toEqual([{ column: "cost", descending: false }]);
	expect(click("errors")).toEqual([{ column: "errors", descending: true }]);
	expect(click("route")).toEqual([{ column: "route", descending: false }]);
});
