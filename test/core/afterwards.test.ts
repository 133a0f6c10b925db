import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { afterwards, catchUp } from "../../src/core/afterwards.ts";
import { processSlot } from "../../src/core/process-slot.ts";

const AFTERWARDS = new URL("../../src/core/afterwards.ts", import.meta.url).href;

/** Until all that is put off has been done. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

// What another test has planned would come for this one's.
beforeEach(later);

test("what is put off is done in its order, together, after all that waits in the same turns", async () => {
	const done: string[] = [];
	afterwards(() => done.push("first"));
	await turn();
	afterwards(() => done.push("second"));
	await Promise.resolve().then(() => done.push("waits"));
	expect(done).toEqual(["waits"]);
	await vi.waitFor(() => expect(done).toEqual(["waits", "first", "second"]), { timeout: 1000, interval: 1 });
});

test("a hundredth of a second later it is done, and so is what comes when the first is done", async () => {
	const done: number[] = [];
	const start = performance.now();
	const note = (): number => done.push(performance.now() - start);
	afterwards(note);
	await later();
	afterwards(note);
	await later();
	expect(done.map((ms) => ms >= 9)).toEqual([true, true]);
	expect(done).toHaveLength(2);
});

test("who catches up has it done at once, and it is not done again", async () => {
	const done: string[] = [];
	afterwards(() => done.push("one"));
	catchUp();
	expect(done).toEqual(["one"]);
	afterwards(() => done.push("two"));
	await later();
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
	await later();
	expect(done).toEqual(["next"]);
});

test("nor does a fault of a task that nobody has caught up with", async () => {
	const done: string[] = [];
	const faults: unknown[] = [];
	const others = process.listeners("uncaughtException");
	process.removeAllListeners("uncaughtException");
	process.once("uncaughtException", (fault) => faults.push(fault.message));
	try {
		afterwards(() => {
			throw new Error("planted");
		});
		afterwards(() => done.push("next"));
		await later();
		await later();
	} finally {
		for (const other of others) process.on("uncaughtException", other);
	}
	expect({ done, faults }).toEqual({ done: ["next"], faults: ["planted"] });
});

test("code that never lets the event loop turn puts off a thousand tasks at most, and all of them are done in little time", async () => {
	let done = 0;
	for (let i = 0; i < 1000; i += 1) afterwards(() => (done += 1));
	expect(done).toBe(0);
	afterwards(() => (done += 1));
	expect(done).toBe(1001);
	for (let i = 0; i < 1000; i += 1) afterwards(() => (done += 1));
	expect(done).toBe(1001);
	await later();
	expect(done).toBe(2001);
});

test("it runs inside what the first was put off in, or what catches up", async () => {
	const around = new AsyncLocalStorage<string>();
	const within: unknown[] = [];
	const note = (): number => within.push(around.getStore());
	around.run("alice", () => afterwards(note));
	around.run("bob", () => afterwards(note));
	await later();
	expect(within).toEqual(["alice", "alice"]);
	around.run("alice", () => afterwards(note));
	around.run("carol", catchUp);
	expect(within).toEqual(["alice", "alice", "carol"]);
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
	const queue = processSlot<{ tasks: unknown[] }>("afterwards");
	let most = 0;
	let done = 0;
	// Each puts off the next before it is done.
	const next = (): void => {
		done += 1;
		most = Math.max(most, queue.value?.tasks.length ?? Infinity);
		if (done < 5000) afterwards(next);
	};
	afterwards(next);
	afterwards(next);
	catchUp();
	expect(done).toBe(5001);
	expect(most).toBeGreaterThan(0);
	expect(most).toBeLessThan(1100);
});

test("of more than a thousand that a task puts off none is left lying", async () => {
	let done = 0;
	afterwards(() => {
		for (let i = 0; i < 1005; i += 1) afterwards(() => (done += 1));
	});
	await later();
	expect(done).toBe(1005);
});

test("a program ends by itself, and not before all is done", () => {
	const code = `import { afterwards } from ${JSON.stringify(AFTERWARDS)}; afterwards(() => console.log("done"));`;
	const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
		encoding: "utf8",
		timeout: 10_000,
	});
	expect(stdout).toBe("done\n");
});
