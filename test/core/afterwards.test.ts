import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { afterwards, catchUp } from "../../src/core/afterwards.ts";

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
