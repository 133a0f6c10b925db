/** bench/: what our part of a call costs, alone; the provider of the last bench answers at once. */
import { cpus } from "node:os";
import { bench, do_not_optimize, group, run } from "mitata";
import {
	decActiveRequests,
	incActiveRequests,
	incCacheHit,
	initPrometheus,
	recordLlmCost,
	recordLlmLatency,
	recordLlmTokens,
} from "../src/monitoring/index.ts";
import { InstrumentedBackend, type LLMBackend, type LLMResponse } from "../src/providers/index.ts";

/** The guide's typical deployment: 10 routes by 5 models. */
const ROUTES: readonly string[] = Array.from({ length: 10 }, (_, index) => `route-${index}`);
const MODELS = [
	"gpt-4-turbo",
	"gpt-4",
	"gpt-3.5-turbo",
	"claude-3-5-sonnet-latest",
	"claude-3-opus-latest",
] as const;
const MODEL = MODELS[0];

const answer: LLMResponse = {
	content: "",
	toolCalls: [],
	finishReason: "stop",
	model: MODEL,
	usage: { inputUncached: 150, output: 50 },
};
const instant: LLMBackend = {
	infer: () => Promise.resolve(answer),
	inferStream: () => {
		throw new Error("not benched");
	},
	embed: () => Promise.reject(new Error("not benched")),
	modelInfo: () => ({ model: MODEL, provider: "openai" }),
};

const prometheus = initPrometheus();
for (const route of ROUTES) for (const model of MODELS) recordOneCall(route, model);
const instrumented = new InstrumentedBackend(instant, "openai", "route-0");

console.log(`Node.js ${process.versions.node} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}`);
console.log(`${prometheus.render().split("\n").length} lines of metrics\n`);

group("manual functions", () => {
	bench("incCacheHit: one counter", () => incCacheHit("route-0"));
	bench("recordLlmTokens: three counters", () => recordLlmTokens("route-0", MODEL, 150, 50));
	bench("recordLlmCost: one exact sum", () => recordLlmCost("route-0", MODEL, 0.0025));
	bench("recordLlmLatency: one histogram", () => recordLlmLatency("route-0", MODEL, 1250));
	bench("the five records of one call", () => recordOneCall("route-0", MODEL));
});
group("a whole call", () => {
	bench("infer of a backend that answers at once, bare", () => instant.infer([], [], 0.7));
	bench("the same in InstrumentedBackend: started, priced, settled", () => instrumented.infer([], [], 0.7));
});
group("a scrape", () => {
	bench("handle.render() of 50 pairs", () => do_not_optimize(prometheus.render()));
});

await run();

function recordOneCall(route: string, model: string): void {
	incActiveRequests(route, model);
	recordLlmLatency(route, model, 1250);
	recordLlmTokens(route, model, 150, 50);
	recordLlmCost(route, model, 0.0025);
	decActiveRequests(route, model);
}
