/** Budgets against calls whose cost is worked by hand: 100 input and 20 output tokens of gpt-4-turbo are $0.0016. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
	addBudget,
	type Budget,
	BudgetExceededError,
	type BudgetOptions,
	type BudgetThreshold,
	getPrometheus,
	initPrometheus,
	recordLlmCost,
	withTags,
} from "../../src/monitoring/index.ts";
import { installedHandle } from "../../src/monitoring/prometheus.ts";
import {
	InstrumentedBackend,
	type LLMBackend,
	type LLMResponse,
	type StreamEvent,
} from "../../src/providers/index.ts";

const USAGE = { inputUncached: 100, output: 20 };
const ANSWER: LLMResponse = { content: "hi", toolCalls: [], finishReason: "stop", usage: USAGE };

/** 100,000 × $0.01/1K and 20 × $0.03/1K are $1.0006. */
const DEAR: LLMResponse = { ...ANSWER, usage: { inputUncached: 100_000, output: 20 } };

let asked = 0;
let answer = ANSWER;
/** What holds the answers back. */
let gate: Promise<void> = Promise.resolve();
const budgets: Budget[] = [];

const backend: LLMBackend = {
	infer: async () => {
		asked += 1;
		await gate;
		return answer;
	},
	async *inferStream(): AsyncGenerator<StreamEvent> {
		asked += 1;
		await gate;
		yield { type: "text-delta", text: "hi" };
		yield { type: "done", finishReason: "stop", usage: USAGE };
	},
	embed: async () => ({ embedding: [] }),
	modelInfo: () => ({ model: "gpt-4-turbo", provider: "openai" }),
};

const ask = async (route = "chat"): Promise<LLMResponse> =>
	new InstrumentedBackend(backend, "openai", route).infer([], [], 0);

function budget(options: Partial<BudgetOptions>): Budget {
	const added = addBudget({ name: `budget-${budgets.length}`, limitUsd: 1, window: "day", ...options });
	budgets.push(added);
	return added;
}

function metric(line: string): string | undefined {
	return getPrometheus()
		.render()
		.split("\n")
		.find((one) => one.startsWith(`${line} `))
		?.slice(line.length + 1);
}

/** Both clocks, of which one is relative to the start of the process. */
function setClocks(now: () => number): void {
	vi.spyOn(performance, "now").mockImplementation(now);
	vi.spyOn(Date, "now").mockImplementation(() => performance.timeOrigin + now());
}

beforeEach(() => {
	if (installedHandle.value === undefined) initPrometheus();
	asked = 0;
	answer = ANSWER;
	gate = Promise.resolve();
});

afterEach(() => {
	for (const one of budgets) one.close();
	vi.restoreAllMocks();
});

test("a budget counts what the calls in its scope cost, exactly", async () => {
	const all = budget({});
	const chat = budget({ scope: { route: ["chat", "talk"], model: "gpt-4-turbo", provider: "openai" } });
	const team = budget({ scope: { tags: { team: "search" } } });
	await ask();
	await ask("other");
	await withTags({ team: "search", tier: "gold" }, async () => ask("other"));
	recordLlmCost("chat", "gpt-4-turbo", 0.000_000_000_001);
	expect(all.state.spentCents).toBe("0.4800000001");
	expect(chat.state.spentCents).toBe("0.16");
	expect(team.state.spentCents).toBe("0.16");
	expect(metric(`llm_budget_spent_cents{budget="${all.name}"}`)).toBe("0.4800000001");
	expect(metric(`llm_budget_limit_cents{budget="${all.name}"}`)).toBe("100");
	expect(metric(`llm_budget_blocked_total{budget="${all.name}"}`)).toBe("0");
});

test("a blocked call reaches no provider, and counts nowhere but as blocked", async () => {
	const one = budget({ limitUsd: 0.003, block: true, scope: { route: "blocked" } });
	await ask("blocked");
	const before = getPrometheus().render();
	const error: unknown = await ask("blocked").catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(BudgetExceededError);
	expect(error).toMatchObject({
		code: "BUDGET_EXCEEDED",
		budget: one.name,
		limitUsd: 0.003,
		spentUsd: 0.0016,
	});
	expect(String(error)).toContain(`The budget "${one.name}" has $0.0030 a day, of which $0.0016 is spent`);
	expect(String(error)).toContain("raise `limitUsd` in addBudget()");
	expect(asked).toBe(1);
	expect(getPrometheus().render()).toBe(
		before.replace(`blocked_total{budget="${one.name}"} 0`, `blocked_total{budget="${one.name}"} 1`),
	);
	expect(one.state).toMatchObject({ blockedCalls: 1, reservedUsd: 0, spentCents: "0.16" });
	// Another route is not its affair.
	await ask("free");
	expect(asked).toBe(2);
});

test("a stream is refused before it begins", async () => {
	budget({ limitUsd: 0.001, block: true, scope: { route: "stream" } });
	recordLlmCost("stream", "gpt-4-turbo", 0.001);
	const read = async (): Promise<void> => {
		for await (const _ of new InstrumentedBackend(backend, "openai", "stream").inferStream([], [], 0)) {
			// Never.
		}
	};
	await expect(read()).rejects.toThrow(BudgetExceededError);
	// It fails where it is read, as the contract of backends has it.
	expect(() => new InstrumentedBackend(backend, "openai", "stream").inferStream([], [], 0)).not.toThrow();
	expect(asked).toBe(0);
});

test("100 calls at once: what is known to be needed is set aside, and the limit holds to the cent", async () => {
	const one = budget({ limitUsd: 0.016, block: true, scope: { route: "parallel" } });
	await ask("parallel"); // from here on a call is known to cost $0.0016
	let open = (): void => undefined;
	gate = new Promise((resolve) => {
		open = resolve;
	});
	const calls = Array.from({ length: 100 }, async () => ask("parallel"));
	// 0.0016 spent and 9 × 0.0016 set aside are the limit.
	expect(one.state.reservedUsd).toBeCloseTo(0.0144, 12);
	open();
	const results = await Promise.allSettled(calls);
	expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(9);
	expect(asked).toBe(10);
	expect(one.state).toMatchObject({ spentCents: "1.6", reservedUsd: 0, blockedCalls: 91 });
});

test("100 calls at once whose cost nobody knows: over the limit by what was in flight, and then no more", async () => {
	const one = budget({ limitUsd: 0.016, block: true, scope: { route: "unknown" } });
	const results = await Promise.allSettled(Array.from({ length: 100 }, async () => ask("unknown")));
	expect(results.every(({ status }) => status === "fulfilled")).toBe(true);
	expect(one.state.spentCents).toBe("16");
	await expect(ask("unknown")).rejects.toThrow(BudgetExceededError);
});

test("a call that fails, and one that is left, give back what was set aside", async () => {
	const one = budget({ limitUsd: 1, block: true, scope: { route: "failing" } });
	await ask("failing");
	gate = Promise.reject(new Error("no"));
	await expect(ask("failing")).rejects.toThrow("no");
	gate = Promise.resolve();
	const stream = new InstrumentedBackend(backend, "openai", "failing").inferStream([], [], 0);
	expect(one.state.reservedUsd).toBeCloseTo(0.0016, 12);
	for await (const _ of stream) break;
	expect(one.state).toMatchObject({ reservedUsd: 0, spentCents: "0.16" });
});

test("two budgets: the one that has room keeps nothing of a call that the other refuses", async () => {
	const large = budget({ limitUsd: 100, block: true, scope: { route: "two" } });
	const small = budget({ limitUsd: 0.001, block: true, scope: { route: "two" } });
	await ask("two");
	await expect(ask("two")).rejects.toMatchObject({ budget: small.name });
	expect(large.state).toMatchObject({ reservedUsd: 0, blockedCalls: 0, spentCents: "0.16" });
});

test("each threshold is told once a window, after the call", async () => {
	const told: BudgetThreshold[] = [];
	const one = budget({
		limitUsd: 0.004,
		scope: { route: "thresholds" },
		thresholds: [1, 0.25, 0.5],
		onThreshold: (passed) => told.push(passed),
	});
	for (let i = 0; i < 5; i += 1) recordLlmCost("thresholds", "gpt-4-turbo", 0.001);
	expect(told).toEqual([]);
	await new Promise((resolve) => setImmediate(resolve));
	expect(told.map(({ spentUsd, threshold }) => [threshold, spentUsd])).toEqual([
		[0.25, 0.001],
		[0.5, 0.002],
		[1, 0.004],
	]);
	expect(told[0]).toMatchObject({ budget: one.name, limitUsd: 0.004, wasPassed: false });
});

test("a callback that throws, or rejects, harms nothing and is counted", async () => {
	const before = getPrometheus().snapshot();
	budget({
		limitUsd: 0.001,
		scope: { route: "throwing" },
		thresholds: [0.5, 1],
		onThreshold: ({ threshold }) => {
			if (threshold === 1) return Promise.reject(new Error("no"));
			throw new Error("no");
		},
	});
	recordLlmCost("throwing", "gpt-4-turbo", 0.001);
	await new Promise((resolve) => setTimeout(resolve, 5));
	const faults = (snapshot: typeof before): number =>
		snapshot["hyperagent_internal_errors_total"]?.find(({ labels }) => labels["component"] === "budget")
			?.value ?? 0;
	expect(faults(getPrometheus().snapshot()) - faults(before)).toBe(2);
});

test("a window turns: what was spent is forgotten, and a call counts in the window in which it began", async () => {
	let at = Date.parse("2026-10-25T22:59:59Z") - performance.timeOrigin;
	setClocks(() => at);
	// The last second of a day of 25 hours.
	const one = budget({ limitUsd: 0.002, timeZone: "Europe/Berlin", block: true, scope: { route: "turn" } });
	await ask("turn");
	await expect(ask("turn")).rejects.toThrow("Wait until 2026-10-25T23:00:00.000Z");
	at += 1000;
	expect(one.state).toMatchObject({ spentCents: "0", windowStart: Date.parse("2026-10-25T23:00:00Z") });
	let open = (): void => undefined;
	gate = new Promise((resolve) => {
		open = resolve;
	});
	const late = ask("turn");
	expect(one.state.reservedUsd).toBeCloseTo(0.0016, 12);
	at += 24 * 3_600_000;
	expect(one.state).toMatchObject({ reservedUsd: 0, spentCents: "0" });
	open();
	await late;
	expect(one.state).toMatchObject({ reservedUsd: 0, spentCents: "0" });
});

test.each([1, 2])(
	"a clock that is %i days ahead for a moment neither forgets nor frees a budget",
	async (days) => {
		let at = Date.parse("2026-11-30T12:00:00Z") - performance.timeOrigin;
		setClocks(() => at);
		const told: number[] = [];
		const onThreshold = ({ threshold }: BudgetThreshold): unknown => told.push(threshold);
		const scope = { route: `ahead-${days}` };
		const one = budget({ limitUsd: 0.004, block: true, scope, thresholds: [0.4], onThreshold });
		await ask(scope.route);
		let open = (): void => undefined;
		gate = new Promise((resolve) => {
			open = resolve;
		});
		at += days * 86_400_000;
		const ahead = ask(scope.route);
		at += 2000;
		expect(one.state).toMatchObject({ spentCents: "0", reservedUsd: 0.0016 });
		at -= days * 86_400_000;
		expect(one.state).toMatchObject({ spentCents: "0.16", reservedUsd: 0 });
		// It ends when the clock is right, and is spent.
		open();
		await ahead;
		expect(one.state).toMatchObject({ spentCents: "0.32", windowStart: Date.parse("2026-11-30T00:00:00Z") });
		await expect(ask(scope.route)).rejects.toThrow("has $0.0040 a day, of which $0.0032 is spent");
		await new Promise((resolve) => setImmediate(resolve));
		expect(told).toEqual([0.4]);
		at += 86_400_000;
		await ask(scope.route);
		expect(one.state).toMatchObject({ spentCents: "0.16", reservedUsd: 0 });
	},
);

test("a call of the right window that ends while the clock is ahead is spent in its own", async () => {
	let at = Date.parse("2026-11-30T12:00:00Z") - performance.timeOrigin;
	setClocks(() => at);
	const one = budget({ limitUsd: 1, block: true, scope: { route: "ends-ahead" } });
	let open = (): void => undefined;
	gate = new Promise((resolve) => {
		open = resolve;
	});
	const right = ask("ends-ahead");
	at += 86_400_000;
	open();
	await right;
	expect(one.state).toMatchObject({ spentCents: "0" });
	at -= 86_400_000;
	expect(one.state).toMatchObject({ spentCents: "0.16" });
});

test("one call that was dearer than the limit does not stop all later ones", async () => {
	let at = performance.now();
	setClocks(() => at);
	const one = budget({ limitUsd: 0.5, window: "hour", block: true, scope: { route: "outlier" } });
	answer = DEAR;
	await ask("outlier");
	answer = ANSWER;
	await expect(ask("outlier")).rejects.toThrow("has $0.50 an hour, of which $1.00 is spent");
	at += 3_600_000;
	await ask("outlier");
	await ask("outlier");
	expect(one.state).toMatchObject({ spentCents: "0.32", reservedUsd: 0 });
});

test("what others pay for the same route and model does not stop a budget of tags", async () => {
	const small = budget({ limitUsd: 0.01, block: true, scope: { tags: { team: "small" } } });
	answer = DEAR;
	await ask("mixed");
	answer = ANSWER;
	const results: string[] = [];
	for (let i = 0; i < 7; i += 1) {
		// One after the other: 6 × $0.0016 are below $0.01, and 7 are not.
		const [result] = await Promise.allSettled([withTags({ team: "small" }, async () => ask("mixed"))]);
		results.push(result.status);
	}
	expect(results.lastIndexOf("fulfilled")).toBe(5);
	expect(small.state).toMatchObject({ spentCents: "0.96", blockedCalls: 1 });
});

test("a budget that does not block sets aside in the window that has just begun, too", async () => {
	let at = performance.now();
	setClocks(() => at);
	const one = budget({ window: "hour", scope: { route: "watched" } });
	await ask("watched");
	at += 3_600_000;
	let open = (): void => undefined;
	gate = new Promise((resolve) => {
		open = resolve;
	});
	const call = ask("watched");
	expect(one.state.reservedUsd).toBe(0.0016);
	open();
	await call;
	expect(one.state.reservedUsd).toBe(0);
});

test("a threshold is passed to the last digit", async () => {
	const told: number[] = [];
	const onThreshold = ({ threshold }: BudgetThreshold): unknown => told.push(threshold);
	// As doubles, 0.8 × 0.07 is 0.05600000000000001.
	budget({ limitUsd: 0.07, scope: { route: "digit" }, thresholds: [0.8], onThreshold });
	recordLlmCost("digit", "gpt-4-turbo", 0.055_999_999_999);
	await new Promise((resolve) => setImmediate(resolve));
	expect(told).toEqual([]);
	recordLlmCost("digit", "gpt-4-turbo", 0.000_000_000_001);
	await new Promise((resolve) => setImmediate(resolve));
	expect(told).toEqual([0.8]);
});

test("a budget that was closed tells of no spending any more", () => {
	const one = budget({ limitUsd: 0.01, scope: { route: "closed" } });
	recordLlmCost("closed", "gpt-4-turbo", 0.01);
	expect(metric(`llm_budget_spent_cents{budget="${one.name}"}`)).toBe("1");
	one.close();
	expect(metric(`llm_budget_spent_cents{budget="${one.name}"}`)).toBe("0");
	expect(metric(`llm_budget_limit_cents{budget="${one.name}"}`)).toBe("1");
});

test("bad options are refused with what was expected", () => {
	const bad =
		(options: object): (() => Budget) =>
		() =>
			budget(options);
	expect(bad({ limitUsd: 0 })).toThrow(
		"addBudget(): expected a number of US dollars above 0 at `limitUsd`, got 0.",
	);
	expect(bad({ limitUsd: Number.NaN })).toThrow("limitUsd");
	expect(bad({ window: "year" })).toThrow("one of hour, day, week, month at `window`");
	expect(bad({ timeZone: "Berlin" })).toThrow("`timeZone`, got 'Berlin'");
	expect(bad({ scope: { user: "x" } })).toThrow("one of model, provider, route, tags at `scope`");
	expect(bad({ scope: { route: [] } })).toThrow("`scope.route`");
	// They look like objects without conditions: the budget would be for every call.
	expect(bad({ scope: new Map([["route", "chat"]]) })).toThrow("an object at `scope`");
	expect(bad({ scope: { tags: new Map([["team", "x"]]) } })).toThrow("`scope.tags`");
	expect(bad({ limitUsd: 1e-13 })).toThrow("limitUsd");
	expect(bad({ thresholds: [0] })).toThrow("`thresholds`");
	expect(bad({ ledger: {} })).toThrow("what openLedger() returns");
	expect(bad({ blocks: true })).toThrow("`options`, got 'blocks'");
	const one = budget({});
	expect(bad({ name: one.name })).toThrow(`there is a budget "${one.name}" already`);
});
