/** Windows by the clocks of a zone: the changes are those of the IANA database, worked out by hand. */
import { expect, test } from "vitest";
import { type BudgetWindow, windowAt } from "../../src/ledger/budget-window.ts";

const HOUR = 3_600_000;

function bounds(now: string, window: BudgetWindow, timeZone: string): readonly [string, string] {
	const { end, start } = windowAt(Date.parse(now), window, timeZone);
	return [new Date(start).toISOString(), new Date(end).toISOString()];
}

test("a plain day, week and month of UTC", () => {
	// 25 November 2026 is a Wednesday.
	const now = "2026-11-25T08:15:30.250Z";
	expect(bounds(now, "hour", "UTC")).toEqual(["2026-11-25T08:00:00.000Z", "2026-11-25T09:00:00.000Z"]);
	expect(bounds(now, "day", "UTC")).toEqual(["2026-11-25T00:00:00.000Z", "2026-11-26T00:00:00.000Z"]);
	expect(bounds(now, "week", "UTC")).toEqual(["2026-11-23T00:00:00.000Z", "2026-11-30T00:00:00.000Z"]);
	expect(bounds(now, "month", "UTC")).toEqual(["2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"]);
});

test("the first millisecond of a window is in it, the last one is the next window's eve", () => {
	expect(bounds("2026-12-31T23:59:59.999Z", "month", "UTC")[1]).toBe("2027-01-01T00:00:00.000Z");
	expect(bounds("2027-01-01T00:00:00.000Z", "month", "UTC")[0]).toBe("2027-01-01T00:00:00.000Z");
	expect(bounds("2026-11-29T23:59:59.999Z", "week", "UTC")[0]).toBe("2026-11-23T00:00:00.000Z");
});

test("where the clocks go forward a day has 23 hours, where they go back 25", () => {
	// Berlin, 29 March 2026, 02:00 becomes 03:00: from 23:00 to 22:00 of UTC.
	expect(bounds("2026-03-29T12:00:00Z", "day", "Europe/Berlin")).toEqual([
		"2026-03-28T23:00:00.000Z",
		"2026-03-29T22:00:00.000Z",
	]);
	// 25 October 2026, 03:00 becomes 02:00.
	expect(bounds("2026-10-25T12:00:00Z", "day", "Europe/Berlin")).toEqual([
		"2026-10-24T22:00:00.000Z",
		"2026-10-25T23:00:00.000Z",
	]);
	// Both hours named 02:30 are of that day.
	for (const now of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"])
		expect(bounds(now, "day", "Europe/Berlin")[0]).toBe("2026-10-24T22:00:00.000Z");
	const { end, start } = windowAt(Date.parse("2026-10-25T12:00:00Z"), "week", "Europe/Berlin");
	expect(end - start).toBe((7 * 24 + 1) * HOUR);
	// March loses an hour, November has New York's back.
	expect(bounds("2026-03-15T12:00:00Z", "month", "America/New_York")).toEqual([
		"2026-03-01T05:00:00.000Z",
		"2026-04-01T04:00:00.000Z",
	]);
});

test("a day whose midnight is left out begins with its first moment", () => {
	// Cairo, 24 April 2026: 00:00 becomes 01:00, at 22:00 of UTC.
	expect(bounds("2026-04-24T10:00:00Z", "day", "Africa/Cairo")).toEqual([
		"2026-04-23T22:00:00.000Z",
		"2026-04-24T21:00:00.000Z",
	]);
	// Cairo, 29 October 2026: at 24:00 it is 23:00 once more.
	expect(bounds("2026-10-29T20:30:00Z", "day", "Africa/Cairo")).toEqual([
		"2026-10-28T21:00:00.000Z",
		"2026-10-29T22:00:00.000Z",
	]);
});

test("zones that are no whole hour from UTC", () => {
	expect(bounds("2026-11-25T18:45:00Z", "day", "Asia/Kolkata")).toEqual([
		"2026-11-25T18:30:00.000Z",
		"2026-11-26T18:30:00.000Z",
	]);
	expect(bounds("2026-11-25T18:45:00Z", "hour", "Asia/Kolkata")[0]).toBe("2026-11-25T18:00:00.000Z");
});

test("windows follow each other without a gap, all year round", () => {
	for (const zone of ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]) {
		let at = Date.parse("2026-01-01T12:00:00Z");
		let days = 0;
		while (at < Date.parse("2027-01-01T12:00:00Z")) {
			const { end, start } = windowAt(at, "day", zone);
			expect(start).toBeLessThanOrEqual(at);
			expect(windowAt(end - 1, "day", zone)).toEqual({ end, start });
			expect([22.5, 23, 23.5, 24, 24.5, 25]).toContain((end - start) / HOUR);
			at = end;
			days += 1;
		}
		expect(days).toBe(366);
	}
});
