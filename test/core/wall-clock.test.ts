import { afterEach, expect, test, vi } from "vitest";
import { wallTime } from "../../src/core/wall-clock.ts";

afterEach(() => {
	vi.restoreAllMocks();
});

test("a machine sleeps for an hour: the one clock stands still, and a second later the other one is believed", () => {
	const system = vi.spyOn(Date, "now").mockReturnValue(1_000_000);
	expect(wallTime(50_000)).toBe(1_000_000);
	system.mockReturnValue(1_000_010 + 3_600_000);
	expect(wallTime(50_010)).toBe(1_000_010);
	system.mockReturnValue(1_001_000 + 3_600_000);
	expect(wallTime(51_000)).toBe(1_001_000 + 3_600_000);
});

test("the system's clock is read once a second at most", () => {
	const system = vi.spyOn(Date, "now").mockReturnValue(5_000_000);
	for (let now = 100_000; now < 103_000; now += 1) wallTime(now);
	expect(system).toHaveBeenCalledTimes(3);
});
