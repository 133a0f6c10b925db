import { HyperAgentError } from "../core/hyperagent-error.ts";
import { declareSeries } from "../monitoring/declare-series.ts";
import { isRecord } from "../wire/is-record.ts";
import { readEmbedded, readGenerated } from "./ai-sdk-answer.ts";
import { meterQuestion, providerLabel, type QuestionKind } from "./ai-sdk-operation.ts";
import { meterStreamed } from "./ai-sdk-stream.ts";
import type { MeteringMiddleware, ModelParams, NamedModel } from "./ai-sdk-types.ts";
import type { InstrumentOptions } from "./instrument-options.ts";

/**
 * A middleware of the Vercel AI SDK (`ai` 7, specification version 4) that meters each question to a model, exactly once:
 * for `wrapLanguageModel` and `wrapEmbeddingModel`. Give it last, so that it is nearest to the model. What the SDK does
 * above the model counts as what it is: each step of a tool loop, and each try of its own retries, is one call.
 *
 * One call's own route: `providerOptions: { hyperagent: { route: "summarize" } }`, or the header `x-hyperagent-route`;
 * both are taken out before the provider sees them.
 *
 * @throws HyperAgentError `BAD_OPTION` when a label is empty
 *
 * @example
 * ```ts
 * import { createOpenAI } from "@ai-sdk/openai";
 * import { meteringMiddleware } from "@hyperagent/observe/instrument";
 * import { wrapLanguageModel } from "ai";
 *
 * const openai = createOpenAI({ apiKey: "sk-…" });
 * const model = wrapLanguageModel({
 *   model: openai("gpt-4o-mini"),
 *   middleware: meteringMiddleware({ route: "chat" }),
 * });
 * // generateText({ model, prompt }) and streamText are metered.
 * console.log(model.modelId); // "gpt-4o-mini"
 * ```
 */
export function meteringMiddleware(options: InstrumentOptions): MeteringMiddleware {
	checkOptions("meteringMiddleware(options)", options);
	return {
		specificationVersion: "v4",
		overrideModelId: ({ model }) => {
			declare(model, options);
			return model.modelId;
		},
		wrapGenerate: ({ doGenerate, model, params }) =>
			meterQuestion({ kind: GENERATE, options, model, params }, (bare) =>
				bare === params ? doGenerate() : model.doGenerate(bare),
			),
		wrapStream: ({ doStream, model, params }) =>
			meterQuestion({ kind: STREAM, options, model, params }, (bare) =>
				bare === params ? doStream() : model.doStream(bare),
			),
		wrapEmbed: ({ doEmbed, model, params }) =>
			meterQuestion({ kind: EMBED, options, model, params }, (bare) =>
				bare === params ? doEmbed() : model.doEmbed(bare),
			),
	};
}

/**
 * The same model, metered as by {@link meteringMiddleware}: a language model or an embedding model of the AI SDK. Its
 * other properties and methods are its own.
 *
 * @throws HyperAgentError `BAD_OPTION` when a label is empty, or when it is no model of the AI SDK
 */
export function instrumentLanguageModel<T extends object>(model: T, options: InstrumentOptions): T {
	checkOptions("instrument(model, options)", options);
	if (!isLanguageModel(model) && !isEmbeddingModel(model)) {
		throw new HyperAgentError(
			"BAD_OPTION",
			"instrument(model, options): model must be a language or embedding model of the AI SDK, specification version v3 or v4.",
		);
	}
	const named: NamedModel = model;
	declare(named, options);
	// Of what is frozen, a proxy may not say anything else: so it stands before an object that only inherits from it.
	const shell = Object.isFrozen(model) ? (Object.create(model) as T) : model;
	return new Proxy(shell, {
		get: (_shell, key) => {
			// The model itself, not the proxy: its private fields are its own.
			const value: unknown = Reflect.get(model, key);
			if (typeof value !== "function" || key === "constructor") return value;
			const kind = KINDS.get(key);
			if (kind === undefined) return (...args: unknown[]): unknown => Reflect.apply(value, model, args);
			return (params: ModelParams): Promise<unknown> =>
				meterQuestion(
					{ kind, options, model: named, params },
					async (bare): Promise<unknown> => Reflect.apply(value, model, [bare]),
				);
		},
	});
}

/** Whether a value is a language model of the AI SDK (specification version 3 or 4). */
export function isLanguageModel(value: unknown): value is NamedModel & object {
	return isModel(value) && isFunction(value, "doGenerate") && isFunction(value, "doStream");
}

/** Whether a value is an embedding model of the AI SDK (specification version 3 or 4). */
export function isEmbeddingModel(value: unknown): value is NamedModel & object {
	return isModel(value) && isFunction(value, "doEmbed");
}

const GENERATE: QuestionKind = {
	operation: "chat",
	isStream: false,
	answered: (result, call, params) => {
		readGenerated(result, call, params);
		return result;
	},
};
const STREAM: QuestionKind = { operation: "chat", isStream: true, answered: meterStreamed };
const EMBED: QuestionKind = {
	operation: "embeddings",
	isStream: false,
	answered: (result, call) => {
		readEmbedded(result, call);
		return result;
	},
};

const KINDS: ReadonlyMap<string | symbol, QuestionKind> = new Map([
	["doGenerate", GENERATE],
	["doStream", STREAM],
	["doEmbed", EMBED],
]);

function declare(model: NamedModel, options: InstrumentOptions): void {
	declareSeries({ route: options.route, provider: providerLabel(model, options), model: model.modelId });
}

function isModel(value: unknown): value is Readonly<Record<string, unknown>> & NamedModel {
	if (!isRecord(value)) return false;
	const { modelId, provider, specificationVersion } = value;
	const isKnown = specificationVersion === "v3" || specificationVersion === "v4";
	return isKnown && typeof modelId === "string" && typeof provider === "string";
}

function isFunction(value: Readonly<Record<string, unknown>>, name: string): boolean {
	return typeof value[name] === "function";
}

/** A label that is empty is a mistake, and it is better told at once. */
function checkOptions(where: string, options: InstrumentOptions): void {
	const { provider, route }: Partial<InstrumentOptions> = options ?? {};
	for (const [name, value] of [
		["route", route],
		["provider", provider ?? "openai"],
	] as const) {
		if (typeof value === "string" && value !== "") continue;
		throw new HyperAgentError(
			"BAD_OPTION",
			`${where}: ${name} is the value of a label and must be a name such as "${name === "route" ? "chat" : "openai"}".`,
		);
	}
}
