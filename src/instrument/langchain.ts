import { HyperAgentError } from "../core/hyperagent-error.ts";
import { declareSeries } from "../monitoring/declare-series.ts";
import type { InstrumentOptions } from "./instrument-options.ts";
import { isChatModel, modelOf, providerOf } from "./langchain-model.ts";
import { viewOf } from "./langchain-view.ts";

export { isChatModel };

/**
 * Meters every generation of a LangChain chat model (`@langchain/core`), exactly once. The answer is a view of the
 * model: of the same class, with the same fields and methods, and what `bindTools`, `withConfig` or `pipe` make of it is
 * metered, too. The model itself stays as it is, unmetered. Each generation is one operation, so each prompt of a batch
 * and each try of `withRetry` is; what LangChain or an SDK sends again inside of one is a retry of it. A hit of
 * LangChain's own cache is no generation.
 *
 * One call's own route: `metadata: { hyperagent_route: "summarize" }` among its options, or among those of a chain that it
 * runs in.
 *
 * HTTP requests are seen where the model has a client of the `openai` or `@anthropic-ai/sdk` packages. Give other models a
 * `fetch` of `meteredFetch` where they take one; without it the usage is what the answer says.
 *
 * A model class with `#private` fields of its own cannot be looked at like this; those of LangChain have none.
 *
 * @throws HyperAgentError `BAD_OPTION` when it is no chat model, or a label is empty
 *
 * @example
 * ```ts
 * import { FakeListChatModel } from "@langchain/core/utils/testing";
 * import { initPrometheus } from "@hyperagent/observe/monitoring";
 * import { instrument } from "@hyperagent/observe/instrument";
 *
 * const prometheus = initPrometheus();
 * const model = instrument(new FakeListChatModel({ responses: ["hi"] }), { route: "chat" });
 * await model.invoke("hello");
 * console.log(prometheus.render().includes('llm_requests_total{route="chat",model="unknown",outcome="success"} 1')); // true
 * ```
 */
export function instrumentChatModel<T extends object>(model: T, options: InstrumentOptions): T {
	if (!isChatModel(model)) {
		throw new HyperAgentError(
			"BAD_OPTION",
			"instrument(model, { route }): model must be a LangChain chat model, such as new ChatOpenAI({ model }).",
		);
	}
	const { route, provider = providerOf(model) } = options;
	for (const [name, label] of Object.entries({ route, provider })) {
		if (typeof label === "string" && label !== "") continue;
		throw new HyperAgentError(
			"BAD_OPTION",
			`instrument(model, { route }): ${name} is the "${name}" label and must be a name such as "${name === "route" ? "chat" : "openai"}".`,
		);
	}
	declareSeries({ route, provider, model: modelOf(model) });
	return viewOf(model, { route, provider });
}
