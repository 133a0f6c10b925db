import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hearServerTime, serverNow } from "../../../src/dashboard/page/state/server-clock.ts";

const NOON = Date.UTC(2026, 10, 25, 12);

beforeEach(() => {
	vi.useFakeTimers();
	vi.setSystemTime(NOON);
});
afterEach(() => vi.useRealTimers());

test("the time is that of the server, however wrong the viewer's clock is", () => {
	expect(serverNow()).toBe(NOON);
	for (const ahead of [20 * 60_000, -30_000]) {
		hearServerTime(NOON + ahead);
		expect(serverNow()).toBe(NOON + ahead);
		vi.setSystemTime(NOON + 5000);
		expect(serverNow()).toBe(NOON + ahead + 5000);
		vi.setSystemTime(NOON);
	}
});

test("a message that was long on its way does not set it back, and a clock that was set does", () => {
	hearServerTime(NOON);
	hearServerTime(NOON - 900);
	expect(serverNow()).toBe(NOON);
	hearServerTime(NOON + 100);
	expect(serverNow()).toBe(NOON + 100);
	hearServerTime(NOON - 60_000);
	expect(serverNow()).toBe(NOON - 60_000);
});
