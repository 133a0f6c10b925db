import { expect, test } from "vitest";
import {
	formatAxisCount,
	formatAxisUsd,
	formatCalls,
	formatCount,
	formatDuration,
	formatErrors,
	formatExactUsd,
	formatMoment,
	formatPercent,
	formatPace,
	formatRate,
	formatRequests,
	formatShare,
	formatSince,
	formatStep,
	formatStretch,
	formatTime,
	formatUsd,
	formatWindow,
	formatZone,
} from "../../../src/dashboard/page/format.ts";

test.each([
	[0, "$0.00"],
	[12.345, "$12.35"],
	[1234.5, "$1,234.50"],
	[1, "$1.00"],
	[0.25, "$0.25"],
	[0.1, "$0.10"],
	[0.02, "$0.02"],
	[0.0025, "$0.0025"],
	[0.123456, "$0.123"],
	[0.0000001, "$0.0000001"],
	[0.999, "$1.00"],
])("%d USD is %s: never a silent $0", (usd, text) => expect(formatUsd(usd)).toBe(text));

test.each([
	[0, "0"],
	[9876, "9,876"],
	[99_999, "99,999"],
	[248_123, "248K"],
	[1_240_000, "1.24M"],
	[3_000_000_000, "3.00B"],
])("%d is %s", (count, text) => expect(formatCount(count)).toBe(text));

test.each([
	[null, "–"],
	[0, "0 ms"],
	[33.3333, "33.3 ms"],
	[999.4, "999 ms"],
	[999.6, "1 s"],
	[1250, "1.25 s"],
	[59_949, "59.9 s"],
	[59_950, "60 s"],
	[59_969, "60 s"],
	[59_970, "1 min"],
	[59_999, "1 min"],
	[600_000, "10 min"],
])("%d ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

test.each([
	[3, "last 3 s"],
	[0.2, "last 1 s"],
	[54, "last 54 s"],
	[57, "last minute"],
	[60, "last minute"],
	[64, "last 64 s"],
	[118, "last 2 min"],
	[296, "last 5 min"],
	[300, "last 5 min"],
])("a window of %d s is the %s", (seconds, text) => expect(formatWindow(seconds)).toBe(text));

test.each([
	["0", "$0.00"],
	["1234.5", "$1,234.50"],
	["1234567.891", "$1,234,567.891"],
	["0.0000000025", "$0.0000000025"],
	["0.250000", "$0.25"],
	["-0.5", "-$0.50"],
	["not a number", "not a number"],
])("the exact decimal %s is %s: no digit is lost", (decimal, text) =>
	expect(formatExactUsd(decimal)).toBe(text),
);

test.each([
	[10, "10 s"],
	[90, "90 s"],
	[300, "5 min"],
	[7200, "2 h"],
	[86_400, "1 d"],
])("a step of %d s is %s", (seconds, text) => expect(formatStep(seconds)).toBe(text));

test("shares, rates and calls", () => {
	expect([formatPercent(null), formatPercent(0), formatPercent(0.625), formatPercent(1)]).toEqual([
		"–",
		"0",
		"62.5",
		"100",
	]);
	expect([formatRate(0), formatRate(0.05), formatRate(1 / 3)]).toEqual(["0", "0.05", "0.333"]);
	expect([formatCalls(1), formatCalls(1234)]).toEqual(["1 call", "1,234 calls"]);
	expect([formatErrors(1), formatErrors(0)]).toEqual(["1 error", "0 errors"]);
	expect([formatRequests(1), formatRequests(2)]).toEqual(["1 request", "2 requests"]);
});

test("times are in the viewer's zone, with the day where it is another", () => {
	const since = new Date(2026, 10, 24, 9, 5, 7).getTime();
	expect(formatTime(since)).toBe("09:05:07");
	expect(formatMoment(since, new Date(2026, 10, 24, 23, 0).getTime())).toBe("09:05:07");
	expect(formatMoment(since, new Date(2026, 10, 25, 1, 0).getTime())).toBe("24 Nov 09:05:07");
	expect(formatSince(since, new Date(2026, 10, 24, 23, 0).getTime())).toBe("since 09:05");
	expect(formatSince(since, new Date(2026, 10, 25, 1, 0).getTime())).toBe("since 24 Nov 09:05");
});

test("and the page says which zone that is", () => {
	const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
	expect(formatZone(Date.UTC(2026, 10, 24), Date.UTC(2026, 10, 24))).toMatch(
		/^(UTC|.+, UTC([+−]\d{1,2}(:\d\d)?)?)$/,
	);
	expect(formatZone(0, 0).startsWith(zone)).toBe(true);
});

test.each([
	[0.9999, ">99.9", ">99.9"],
	[1999 / 2000, ">99.9", ">99.9"],
	[0.9994, "99.9", "99.9"],
	[1, "100", "100.0"],
	[1.5, "150", "150.0"],
	[0.0001, "0.01", "<0.1"],
	[0, "0", "0.0"],
])("a share of %d that is not all of it is never 100 %%", (share, percent, column) => {
	expect([formatPercent(share), formatShare(share)]).toEqual([percent, column]);
});

test.each([
	[0, 60, "0/s"],
	[120, 60, "2/s"],
	[59.9, 60, "0.998/s"],
	[30, 3600, "30/h"],
	[90, 3600, "1.5/min"],
	[8, 2_592_000, "0.267/d"],
])("%d in %d s are %s: as often as one can count", (count, seconds, text) => {
	expect(formatPace(count, seconds)).toBe(text);
});

test("an axis says nothing between whole counts, and has room for large numbers", () => {
	expect([0.5, 0, 1, 99_999, 1_500_000, 4e9].map(formatAxisCount)).toEqual([
		"",
		"0",
		"1",
		"99,999",
		"1.5M",
		"4B",
	]);
	expect([0.5, 1.25, 1_200_000, 4e9].map(formatAxisUsd)).toEqual(["$0.50", "$1.25", "$1.2M", "$4B"]);
});

test("a stretch names its days where they are not today, and its years where they are not this one", () => {
	const at = (year: number, day: number, hour: number): number => new Date(year, 10, day, hour).getTime();
	const now = at(2026, 25, 12);
	expect(formatStretch(at(2026, 25, 9), at(2026, 25, 10), now)).toBe("09:00:00 to 10:00:00");
	expect(formatStretch(at(2026, 24, 9), at(2026, 24, 10), now)).toBe("24 Nov 09:00:00 to 10:00:00");
	expect(formatStretch(at(2026, 24, 9), at(2026, 25, 10), now)).toBe("24 Nov 09:00:00 to 25 Nov 10:00:00");
	expect(formatStretch(at(2025, 24, 9), at(2025, 25, 9), now)).toBe(
		"24 Nov 2025 09:00:00 to 25 Nov 2025 09:00:00",
	);
});
