import { isRefusal } from "../core/call-gate.ts";
import type { Operation } from "../core/settled-call.ts";
import { Call } from "../monitoring/call.ts";
import { currentCall, runInCall } from "../monitoring/current-call.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { countRefused } from "./ai-sdk-attempt.ts";
import { readableFailure } from "./ai-sdk-failure.ts";
import { routeOf, withoutRoute } from "./ai-sdk-route.ts";
import type { ModelParams, NamedModel } from "./ai-sdk-types.ts";
import type { InstrumentOptions } from "./instrument-options.ts";

/** What can be asked of a model. */
export interface QuestionKind {
	readonly operation: Operation;
	readonly isStream: boolean;
	/** Reads the answer, and settles the call or has it settled; what it returns is what the caller gets. */
	readonly answered: <R>(result: R, call: Call, params: ModelParams) => R;
}

/** One question to a model. */
export interface ModelQuestion<P> {
	readonly kind: QuestionKind;
	readonly options: InstrumentOptions;
	readonly model: NamedModel;
	readonly params: P;
}

/**
 * Meters one question to a model. Where a call is already under way, its own meter counts. What is asked below runs as a
 * part of the call, so that the HTTP requests and the wire usage of an instrumented client or `fetch` are the call's.
 *
 * @param ask asks it, with these parameters: ours taken out
 */
export async function meterQuestion<P extends ModelParams, R>(
	question: ModelQuestion<P>,
	ask: (params: P) => PromiseLike<R>,
): Promise<R> {
	const { kind, params } = question;
	const bare = guarded("A call's own route could not be taken out.", () => withoutRoute(params)) ?? params;
	const call =
		currentCall() === undefined ? guarded("A call could not be started.", () => start(question)) : undefined;
	if (call === undefined) return ask(bare);
	let result: R;
	try {
		result = await runInCall(call, () => ask(bare));
	} catch (error) {
		guarded("A failed attempt could not be read.", () => countRefused(call, error));
		failCall(call, error);
		throw error;
	}
	try {
		return kind.answered(result, call, params);
	} catch (cause) {
		reportInternalError("usage", "The answer of a model could not be read.", cause);
		call.succeed();
		return result;
	}
}

/** Ends a call with what a model threw, or said in its stream. */
export function failCall(call: Call, error: unknown): void {
	call.fail(guarded("An error could not be read.", () => readableFailure(error)) ?? error);
}

/** The `provider` label of a model, by the AI SDK's name: "openai.responses", "google.generative-ai", "amazon-bedrock". */
export function providerLabel({ provider }: NamedModel, options: InstrumentOptions): string {
	return options.provider ?? firstWord(provider);
}

function start({ kind, model, options, params }: ModelQuestion<ModelParams>): Call {
	const family = firstWord(model.provider);
	return new Call({
		operation: kind.operation,
		route: routeOf(params, options),
		provider: providerLabel(model, options),
		// Vercel's gateway takes "provider/model" and bills the provider's prices: what the price book knows from LiteLLM.
		priceProvider: family === "gateway" ? "litellm" : family,
		model: model.modelId,
		isStream: kind.isStream,
		isOneQuestion: true,
		signal: params.abortSignal,
	});
}

function firstWord(name: string): string {
	return name.split(".", 1)[0] ?? name;
}

/** What is ours must not break what is the caller's. */
function guarded<T>(problem: string, fn: () => T): T | undefined {
	try {
		return fn();
	} catch (cause) {
		if (isRefusal(cause)) throw cause;
		reportInternalError("call", problem, cause);
		return undefined;
	}
}
