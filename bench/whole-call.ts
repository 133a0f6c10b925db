import { measure } from "mitata";
import { initPrometheus } from "../src/monitoring/index.ts";
import { InstrumentedBackend, type LLMBackend, type LLMResponse } from "../src/providers/index.ts";
import type { ContenderName } from "./contender.ts";
import type { Figure, MeasureOptions } from "./result.ts";

const MODEL = "gpt-4-turbo";
const WARM_UP = 5000;

const ANSWER: LLMResponse = {
	content: "",
	toolCalls: [],
	finishReason: "stop",
	model: MODEL,
	usage: { inputUncached: 150, output: 50 },
};
const INSTANT: LLMBackend = {
	infer: () => Promise.resolve(ANSWER),
	inferStream: () => {
		throw new Error("The bench has no streams.");
	},
	embed: () => Promise.reject(new Error("The bench has no embeddings.")),
	modelInfo: () => ({ model: MODEL, provider: "openai" }),
};

/** Nanoseconds of a whole call of a backend that answers at once: ours is started, priced and settled, the baseline bare. */
export async function wholeCall(
	contender: ContenderName,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	if (contender !== "ours" && contender !== "baseline") return undefined;
	const prometheus = initPrometheus();
	const backend = contender === "ours" ? new InstrumentedBackend(INSTANT, "openai", "chat") : INSTANT;
	const call = (): Promise<LLMResponse> => backend.infer([], [], 0.7);
	for (let i = 0; i < WARM_UP; i++) await call();
	const stats = await measure(call, { min_cpu_time: ms * 1e6 });
	const counted = prometheus.snapshot()["llm_requests_total"]?.find(({ value }) => value > 0)?.value ?? 0;
	if (contender === "ours" && counted < WARM_UP + stats.ticks)
		throw new Error("Not every call was recorded.");
	return { value: stats.p50, samples: stats.samples.length };
}
