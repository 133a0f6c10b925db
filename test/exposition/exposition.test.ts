import fc from "fast-check";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ERROR_TYPES } from "../../src/core/llm-error.ts";
import { Exposition } from "../../src/exposition/exposition.ts";
import { Recorder } from "../../src/metrics/recorder.ts";

/** One thing that happens between two scrapes; `n` picks labels and values. */
const ACTIONS: readonly ((recorder: Recorder, n: number) => void)[] = [
	(recorder, n) => recorder.tokens(pairOf(recorder, n), n, n * 7),
	(recorder, n) => recorder.cost(pairOf(recorder, n), n / 1e7),
	(recorder, n) => recorder.latency(pairOf(recorder, n), n * 13.7),
	(recorder, n) => recorder.activeUp(pairOf(recorder, n)),
	(recorder, n) => void recorder.activeDown(pairOf(recorder, n)),
	(recorder, n) => void recorder.error(pairOf(recorder, n), ERROR_TYPES[n % ERROR_TYPES.length] ?? ""),
	(recorder, n) => recorder.cacheHit(recorder.route(`route ${n % 3}`)),
	(recorder, n) => recorder.rateLimitRemaining(recorder.target("openai", `m${n % 2}`), "tokens", n),
	(recorder, n) =>
		recorder.latencyOf(pairOf(recorder, n), n, { traceId: `${n}`.padStart(32, "a"), spanId: "b".repeat(16) }),
];

function pairOf(recorder: Recorder, n: number): number {
	return recorder.pair(["chat", "é😀", 'a"\\\n'][n % 3] ?? "", `model-${n % 4}`);
}

function text(bytes: Uint8Array): string {
	return new TextDecoder().decode(bytes);
}

test("what is written from what was there is what would be written anew, in both formats", {
	timeout: 30_000,
}, async () => {
	const step = fc.tuple(fc.nat({ max: ACTIONS.length - 1 }), fc.nat({ max: 200_000 }));
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 8 }),
			async (scrapes) => {
				const recorder = new Recorder();
				const options = { constantLabels: { service: "s" }, createdSeries: true };
				const kept = new Exposition(recorder, options);
				for (const steps of scrapes) {
					for (const [action, n] of steps) ACTIONS[action]?.(recorder, n);
					const anew = new Exposition(recorder, options);
					expect(kept.renderText()).toBe(anew.renderText());
					expect(text(await kept.render("text"))).toBe(kept.renderText());
					expect(text(await kept.render("openmetrics"))).toBe(text(await anew.render("openmetrics")));
				}
			},
		),
		{ numRuns: 60 },
	);
});

describe("scrapes that no one feels", () => {
	function large(): Recorder {
		const recorder = new Recorder();
		for (let i = 0; i < 400; i += 1) recorder.pair(`route-${i % 20}`, `model-${i}`);
		return recorder;
	}

	test("where nothing has changed the answer is the same bytes", async () => {
		const recorder = large();
		const exposition = new Exposition(recorder);
		const first = await exposition.render("text");
		expect(await exposition.render("text")).toBe(first);
		recorder.cacheHit(recorder.route("r"));
		const second = await exposition.render("text");
		expect(second).not.toBe(first);
		expect(text(second)).toContain('llm_cache_hits_total{route="r"} 1\n');
	});

	test("scrapes at the same time share one rendering", async () => {
		const exposition = new Exposition(large());
		const [a, b] = await Promise.all([exposition.render("text"), exposition.render("text")]);
		expect(a).toBe(b);
	});

	test("the event loop has its turns, and what is recorded meanwhile is in the next answer", async () => {
		const recorder = new Recorder({ bounds: { pairs: 2000 } });
		for (let i = 0; i < 1200; i += 1) recorder.pair(`route-${i % 20}`, `model-${i}`);
		const exposition = new Exposition(recorder);
		const state = { isDone: false };
		const rendering = exposition.render("text").finally(() => (state.isDone = true));
		let turns = 0;
		await turn(); // now it is under way
		while (!state.isDone) {
			turns += 1;
			recorder.tokens(recorder.pair("route-0", "model-0"), 1, 0);
			recorder.tokens(recorder.pair("late", `model-${turns}`), 1, 0);
			await turn();
		}
		expect(turns).toBeGreaterThan(3);
		const line = 'llm_tokens_input_total{route="route-0",model="model-0"}';
		expect(text(await rendering)).toContain(`\n${line} 0\n`);
		expect(text(await rendering)).not.toContain('route="late"');
		const next = text(await exposition.render("text"));
		expect(next).toContain(`\n${line} ${turns}\n`);
		expect(next).toContain(`\nllm_tokens_input_total{route="late",model="model-${turns}"} 1\n`);
	});

	test("render() in the middle of a scrape is whole, and so is the scrape", async () => {
		const recorder = new Recorder({ bounds: { pairs: 2000 } });
		for (let i = 0; i < 1200; i += 1) recorder.pair(`route-${i % 20}`, `model-${i}`);
		const exposition = new Exposition(recorder);
		const scrape = exposition.render("text");
		await turn();
		recorder.cacheHit(recorder.route("r"));
		const at = exposition.renderText();
		expect(at).toBe(new Exposition(recorder).renderText());
		expect(text(await scrape)).not.toContain("llm_cache_hits_total{");
		expect(text(await exposition.render("text"))).toBe(at);
	});

	test("only the families that are asked for", async () => {
		const recorder = new Recorder();
		recorder.pair("chat", "m");
		const exposition = new Exposition(recorder);
		const names = new Set(["llm_active_requests", "llm_latency_ms", "nobody_knows_this"]);
		for (let round = 0; round < 2; round += 1) {
			const picked = text(await exposition.render("text", names));
			expect(picked.match(/^# TYPE .*$/gm)).toEqual([
				"# TYPE llm_latency_ms histogram",
				"# TYPE llm_active_requests gauge",
			]);
			expect(picked.endsWith('llm_active_requests{route="chat",model="m"} '.concat(`${round}\n`))).toBe(true);
			recorder.activeUp(recorder.pair("chat", "m"));
		}
		expect(text(await exposition.render("openmetrics", new Set()))).toBe("# EOF\n");
	});
});

test("families of other registries stand behind ours, in either format's own way", async () => {
	const readForeign = async () => [
		{
			name: "jobs_total",
			help: 'Jobs "done"\\',
			type: "counter" as const,
			samples: [{ name: "jobs_total", labels: { queue: 'a"b' }, value: 3 }],
		},
		{
			name: "wait_seconds",
			help: "Wait",
			type: "histogram" as const,
			samples: [
				{ name: "wait_seconds_bucket", labels: { le: "1" }, value: 1 },
				{ name: "wait_seconds_bucket", labels: { le: "+Inf" }, value: 2 },
				{ name: "wait_seconds_sum", labels: {}, value: 4.5 },
				{ name: "wait_seconds_count", labels: {}, value: 2 },
			],
		},
	];
	const exposition = new Exposition(new Recorder(), { readForeign });
	const plain = text(await exposition.render("text"));
	expect(plain).toContain(
		'# HELP jobs_total Jobs "done"\\\\\n# TYPE jobs_total counter\njobs_total{queue="a\\"b"} 3\n',
	);
	expect(plain).toContain('wait_seconds_bucket{le="1"} 1\n');
	const open = text(await exposition.render("openmetrics"));
	expect(open).toContain(
		'# HELP jobs Jobs \\"done\\"\\\\\n# TYPE jobs counter\njobs_total{queue="a\\"b"} 3\n',
	);
	expect(open).toContain(
		'wait_seconds_bucket{le="1.0"} 1\nwait_seconds_bucket{le="+Inf"} 2\nwait_seconds_sum 4.5\n',
	);
	expect(open.endsWith("wait_seconds_count 2\n# EOF\n")).toBe(true);
	expect(text(await exposition.render("text", new Set(["wait_seconds"])))).toMatch(/^# HELP wait_seconds/);
});

test("labels called le and quantile are labels like others, where no bucket and no quantile is meant", async () => {
	const lag = (quantile: string, value: number) => ({ name: "lag", labels: { quantile, le: "low" }, value });
	const readForeign = async () => [
		{ name: "lag", help: "", type: "gauge" as const, samples: [lag("p50", 1), lag("p99", 2)] },
		{
			name: "size",
			help: "",
			type: "summary" as const,
			samples: [{ name: "size", labels: { quantile: "1" }, value: 7 }],
		},
	];
	const open = text(await new Exposition(new Recorder(), { readForeign }).render("openmetrics"));
	expect(open).toContain('lag{quantile="p50",le="low"} 1\nlag{quantile="p99",le="low"} 2\n');
	expect(open).toContain('size{quantile="1.0"} 7\n');
});

test("a large registry of somebody else leaves the event loop its turns", async () => {
	const samples = Array.from({ length: 50_000 }, (_, i) => ({
		name: "jobs",
		labels: { queue: `q${i}` },
		value: i,
	}));
	const readForeign = async () => [{ name: "jobs", help: "", type: "gauge" as const, samples }];
	const exposition = new Exposition(new Recorder(), { readForeign });
	const state = { isDone: false, turns: 0 };
	const rendering = exposition.render("openmetrics").finally(() => (state.isDone = true));
	while (!state.isDone) {
		state.turns += 1;
		await turn();
	}
	expect(text(await rendering)).toContain('jobs{queue="q49999"} 49999\n');
	expect(state.turns).toBeGreaterThan(5);
});

test("what was recorded before a scrape is in it, also where another one is under way", async () => {
	const recorder = new Recorder({ bounds: { pairs: 2000 } });
	for (let i = 0; i < 1200; i += 1) recorder.pair(`route-${i % 20}`, `model-${i}`);
	const exposition = new Exposition(recorder);
	const first = exposition.render("text");
	await turn();
	recorder.cacheHit(recorder.route("r"));
	const second = exposition.render("text");
	expect(text(await second)).toContain('llm_cache_hits_total{route="r"} 1\n');
	expect(text(await first)).not.toContain("llm_cache_hits_total{");
});

test("a rendering that fails, fails for those who wait for it, and for nobody else", async () => {
	const recorder = new Recorder({ bounds: { pairs: 2000 } });
	for (let i = 0; i < 1200; i += 1) recorder.pair(`route-${i % 20}`, `model-${i}`);
	const exposition = new Exposition(recorder);
	const pair = recorder.pair("route-0", "model-0");
	recorder.cost(pair, Number.POSITIVE_INFINITY); // nobody can record that: it stands for what nobody thought of
	const scrape = exposition.render("text");
	await turn();
	expect(() => exposition.renderText()).toThrow(RangeError);
	await expect(scrape).rejects.toThrow(RangeError);
	recorder.store.slots.fill(0, pair, pair + 80);
	expect(text(await exposition.render("text"))).toBe(new Exposition(recorder).renderText());
});
