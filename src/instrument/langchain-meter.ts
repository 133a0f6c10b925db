import { AsyncLocalStorage } from "node:async_hooks";
import { LlmError } from "../core/llm-error.ts";
import { Call } from "../monitoring/call.ts";
import { currentCall, runInCall } from "../monitoring/current-call.ts";
import { currentRoute } from "../monitoring/current-route.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { MeteredStream, type StreamMeter } from "../monitoring/metered-stream.ts";
import { isRecord } from "../wire/is-record.ts";
import { ChunkReader, reportGenerations } from "./langchain-answer.ts";
import { modelOf } from "./langchain-model.ts";

/** What a model's calls are counted by. */
export interface Labels {
	readonly route: string;
	readonly provider: string;
}

/** Under which a call's options have its own route. */
export const ROUTE: unique symbol = Symbol("hyperagent route");

/** What `_generate` and its like are given: the messages, the call's options, and who tells its handlers of tokens. */
type Given = readonly unknown[];

/** One generation, as one operation; inside another one it is a part of that. */
export async function meteredGenerate(
	model: object,
	labels: Labels,
	generate: (given: Given) => unknown,
	given: Given,
): Promise<unknown> {
	if (currentCall() !== undefined) return generate(given);
	const call = startCall(model, labels, given[1], false);
	try {
		const toldOutside = withHandlersOutside(given);
		const result = await runInCall(call, () => generate(toldOutside));
		end(call, result);
		return result;
	} catch (error) {
		call.fail(error);
		throw error;
	}
}

/** The same of one that comes in pieces: chunks, or the events that newer versions make of them. */
export function meteredStream(
	model: object,
	labels: Labels,
	open: (given: Given) => unknown,
	given: Given,
): unknown {
	if (currentCall() !== undefined) return open(given);
	const call = startCall(model, labels, given[1], true);
	try {
		const toldOutside = withHandlersOutside(given);
		const stream = runInCall(call, () => open(toldOutside));
		if (isAsyncIterable(stream)) return new MeteredStream(stream, call, streamMeter(signalOf(given[1])));
		call.leave();
		return stream;
	} catch (error) {
		call.fail(error);
		throw error;
	}
}

function startCall(model: object, labels: Labels, options: unknown, isStream: boolean): Call {
	// The cast: a view on the options for the one field that we put there ourselves.
	const own = isRecord(options) ? (options as { readonly [ROUTE]?: string })[ROUTE] : undefined;
	return new Call({
		operation: "chat",
		route: own ?? currentRoute() ?? labels.route,
		provider: labels.provider,
		model: modelOf(model, options),
		isStream,
		// LangChain repeats a request itself, and lets the SDKs number each as the first.
		isOneQuestion: true,
		signal: signalOf(options),
	});
}

function end(call: Call, result: unknown): void {
	const generations = isRecord(result) ? result["generations"] : undefined;
	if (Array.isArray(generations) && generations.length === 0) {
		call.fail(new LlmError("invalid_response", "The answer has no message."));
		return;
	}
	try {
		reportGenerations(call, result);
	} catch (cause) {
		reportInternalError("usage", "The usage of an answer could not be read.", cause);
	}
	call.succeed();
}

function streamMeter(signal: AbortSignal | undefined): StreamMeter<unknown> {
	const reader = new ChunkReader();
	return {
		event: (chunk, call) => reader.read(chunk, call),
		ended: (call) => {
			// Some streams end silently when they are aborted.
			if (signal?.aborted === true) call.fail(signal.reason);
			else if (reader.isEmpty)
				call.fail(new LlmError("invalid_response", "The stream ended before its first event."));
			else call.succeed();
		},
	};
}

/** What a handler does with a token is the caller's own affair, so it runs where the generation was asked for. */
function withHandlersOutside(given: Given): Given {
	const [messages, options, run, ...rest] = given;
	const tell: unknown = isRecord(run) ? run["handleLLMNewToken"] : undefined;
	if (!isRecord(run) || typeof tell !== "function") return given;
	const outside = AsyncLocalStorage.snapshot();
	const value = (...token: readonly unknown[]): unknown =>
		outside((): unknown => Reflect.apply(tell, run, token));
	return [messages, options, Object.create(run, { handleLLMNewToken: { value } }), ...rest];
}

function signalOf(options: unknown): AbortSignal | undefined {
	const signal = isRecord(options) ? options["signal"] : undefined;
	return signal instanceof AbortSignal ? signal : undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
	return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
