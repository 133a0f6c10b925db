import { expect, test } from "vitest";
import { FailureThrottle, type TokenVerdict } from "../../src/dashboard/failure-throttle.ts";
import { hashToken } from "../../src/dashboard/token.ts";

const RIGHT = hashToken("correct-horse");

function setup() {
	let now = 0;
	const told: string[] = [];
	const throttle = new FailureThrottle(
		(key) => told.push(key),
		() => now,
	);
	const send = (key: string, token: string, isLocal = false, purpose = "all"): TokenVerdict =>
		throttle.check({ key, isLocal }, hashToken(token), [RIGHT], purpose);
	return { throttle, told, send, pass: (ms: number) => (now += ms) };
}

test("ten wrong tokens in a minute, then none is looked at until the minute is over, the right one neither", () => {
	const { pass, send, told } = setup();
	for (let i = 0; i < 10; i += 1) expect(send("a", `wrong-${i}`)).toEqual({ kind: "wrong" });
	expect(told).toEqual(["a"]);
	pass(20_500);
	expect(send("a", "correct-horse")).toEqual({ kind: "throttled", retryAfterSeconds: 40 });
	expect(send("a", "wrong-0")).toEqual({ kind: "throttled", retryAfterSeconds: 40 });
	expect(send("b", "correct-horse")).toEqual({ kind: "right" });
	pass(39_500);
	expect(send("a", "correct-horse")).toEqual({ kind: "right" });
});

test("a program with an old token is told to wait, and locks nobody out of its address", () => {
	const { send, told } = setup();
	for (let i = 0; i < 10; i += 1) expect(send("a", "old").kind).toBe("wrong");
	for (let i = 0; i < 1000; i += 1) expect(send("a", "old").kind).toBe("throttled");
	expect(told).toEqual([]);
	expect(send("a", "correct-horse").kind).toBe("right");
	expect(send("b", "correct-horse").kind).toBe("right");
});

test("a hundred wrong tokens of many peers hold up strangers, and neither this machine nor who was right before", () => {
	const { pass, send } = setup();
	expect(send("known", "correct-horse").kind).toBe("right");
	pass(3_600_000);
	for (let i = 0; i < 100; i += 1) expect(send(`peer-${i}`, `wrong-${i}`).kind).toBe("wrong");
	expect(send("stranger", "correct-horse")).toEqual({ kind: "throttled", retryAfterSeconds: 60 });
	expect(send("known", "correct-horse").kind).toBe("right");
	expect(send("127.0.0.1", "correct-horse", true).kind).toBe("right");
	// Its own ten count there as everywhere.
	for (let i = 0; i < 10; i += 1) expect(send("known", `wrong-${i}`).kind).toBe("wrong");
	expect(send("known", "correct-horse").kind).toBe("throttled");
	for (let i = 0; i < 10; i += 1) expect(send("127.0.0.1", `wrong-${i}`, true).kind).toBe("wrong");
	expect(send("127.0.0.1", "correct-horse", true).kind).toBe("throttled");
	pass(60_000);
	for (const key of ["known", "stranger"]) expect(send(key, "correct-horse").kind).toBe("right");
});

test("what this machine gets wrong does not hold up the others", () => {
	const { pass, send } = setup();
	for (let minute = 0; minute < 20; minute += 1) {
		for (let i = 0; i < 10; i += 1) send("127.0.0.1", `wrong-${i}`, true);
		pass(60_000);
	}
	for (let i = 0; i < 10; i += 1) send("127.0.0.1", `wrong-${i}`, true);
	expect(send("stranger", "correct-horse").kind).toBe("right");
});

test("a token that is wrong for one purpose may be right for another", () => {
	const { send, throttle } = setup();
	expect(throttle.check({ key: "a", isLocal: false }, hashToken("scrape"), [RIGHT], "all").kind).toBe(
		"wrong",
	);
	const metrics = [hashToken("scrape"), RIGHT];
	expect(throttle.check({ key: "a", isLocal: false }, hashToken("scrape"), metrics, "metrics").kind).toBe(
		"right",
	);
	expect(send("a", "correct-horse", false, "metrics").kind).toBe("right");
});

test("a million addresses take the memory of a thousand, and do not push out who was right", () => {
	const { pass, send, throttle } = setup();
	expect(send("known", "correct-horse").kind).toBe("right");
	for (let minute = 0; minute < 50; minute += 1) {
		for (let i = 0; i < 200; i += 1) send(`peer-${minute}-${i}`, `wrong-${i}`);
		pass(60_000);
	}
	expect(throttle.size).toBeLessThanOrEqual(1000);
	for (let i = 0; i < 100; i += 1) send(`other-${i}`, `wrong-${i}`);
	expect(send("stranger", "correct-horse").kind).toBe("throttled");
	expect(send("known", "correct-horse").kind).toBe("right");
});
