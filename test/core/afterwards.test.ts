import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { afterwards, catchUp } from "../../src/core/afterwards.ts";
import { processSlot } from "../../src/core/process-slot.ts";

test("what is put off is done in its order, after all that waits in the same turn", async () => {
	const done: string[] = [];
	afterwards(() => done.push("first"));
	afterwards(() => done.push("second"));
	await Promise.resolve().then(() => done.push("waits"));
	expect(done).toEqual(["waits"]);
	await turn();
	expect(done).toEqual(["waits", "first", "second"]);
});

test("who catches up has it done at once, and it is not done again", async () => {
	const done: string[] = [];
	afterwards(() => done.push("one"));
	catchUp();
	expect(done).toEqual(["one"]);
	afterwards(() => done.push("two"));
	await turn();
	expect(done).toEqual(["one", "two"]);
});

test("a task that reads sees what was before it; what is put off by a task comes last", () => {
	const done: string[] = [];
	afterwards(() => {
		afterwards(() => done.push("third"));
		catchUp();
		done.push("first");
	});
	afterwards(() => done.push("second"));
	catchUp();
	expect(done).toEqual(["first", "second", "third"]);
});

test("a fault of a task takes nothing else with it", async () => {
	const done: string[] = [];
	const fault = new Error("planted");
	afterwards(() => {
		throw fault;
	});
	afterwards(() => done.push("next"));
	expect(catchUp).toThrow(fault);
	await turn();
	expect(done).toEqual(["next"]);
});

test("code that never lets the event loop turn puts off a thousand tasks at most, and all of them are done in little time", async () => {
	let done = 0;
	for (let i = 0; i < 1000; i += 1) afterwards(() => (done += 1));
	expect(done).toBe(0);
	afterwards(() => (done += 1));
	expect(done).toBe(1001);
	for (let i = 0; i < 1000; i += 1) afterwards(() => (done += 1));
	expect(done).toBe(1001);
	await turn();
	expect(done).toBe(2001);
});

test("each runs inside what it was put off in", async () => {
	const around = new AsyncLocalStorage<string>();
	const within: unknown[] = [];
	around.run("alice", () => afterwards(() => within.push(around.getStore())));
	around.run("bob", () => afterwards(() => within.push(around.getStore())));
	await turn();
	expect(within).toEqual(["alice", "bob"]);
});

test("the process ends inside a task: what comes after it is done all the same", () => {
	const done: string[] = [];
	afterwards(() => {
		catchUp(true);
		done.push("never, in a process that ends");
	});
	afterwards(() => done.push("next"));
	catchUp();
	expect(done[0]).toBe("next");
});

test("one that always has something waiting keeps nothing of what is done", async () => {
	const queue = processSlot<{ entries: unknown[] }>("afterwards");
	const rounds: { most: number; done: number } = { most: 0, done: 0 };
	const again = (): void => {
		afterwards(() => (rounds.done += 1));
		rounds.most = Math.max(rounds.most, queue.value?.entries.length ?? Infinity);
		// What comes next is put off before this is done.
		if (rounds.done < 5000) setImmediate(again);
	};
	setImmediate(again);
	setImmediate(again);
	await vi.waitFor(() => expect(rounds.done).toBeGreaterThanOrEqual(5000), { timeout: 10_000 });
	const { most } = rounds;
	expect(most).toBeLessThan(1100);
});

test("of more than a thousand that a task puts off none is left lying", async () => {
	let done = 0;
	afterwards(() => {
		for (let i = 0; i < 1005; i += 1) afterwards(() => (done += 1));
	});
	await turn();
	await turn();
	expect(done).toBe(1005);
});
