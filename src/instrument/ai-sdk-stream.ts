import type { Call } from "../monitoring/call.ts";
import { MeteredStream, type StreamMeter } from "../monitoring/metered-stream.ts";
import { isRecord } from "../wire/is-record.ts";
import { failEmpty, finishAnswer, reportUsage, usageOf } from "./ai-sdk-answer.ts";
import { countAnswered } from "./ai-sdk-attempt.ts";
import { failCall } from "./ai-sdk-operation.ts";
import { ProviderTools } from "./ai-sdk-tools.ts";
import type { ModelParams } from "./ai-sdk-types.ts";

/** How long after an `error` part the rest may still bring the usage, in milliseconds. */
const REST_AFTER_ERROR_MS = 1000;

/** What `doStream` gives, `{ stream, response? }`, with a stream that is metered while it is read. */
export function meterStreamed<R>(result: R, call: Call, params: ModelParams): R {
	const stream: unknown = isRecord(result) ? result["stream"] : undefined;
	if (!isRecord(result) || !isStream(stream)) throw new TypeError("doStream gave no stream.");
	countAnswered(call, result["response"]);
	return { ...result, stream: meterParts(stream, call, ProviderTools.among(params.tools)) };
}

function isStream(value: unknown): value is ReadableStream<unknown> {
	return isRecord(value) && typeof value["getReader"] === "function";
}

/**
 * A stream of the same parts. Nothing is read before somebody asks for it, and nothing is kept; a cancel reaches the source
 * at once.
 */
function meterParts(
	stream: ReadableStream<unknown>,
	call: Call,
	tools: ProviderTools | undefined,
): ReadableStream<unknown> {
	const meter = new PartMeter(call, tools);
	const source = new PartSource(stream.getReader(), meter);
	const parts = new MeteredStream(source, call, meter);
	return new ReadableStream<unknown>(
		{
			async pull(controller): Promise<void> {
				const { done, value } = await parts.next();
				if (done === true) controller.close();
				else controller.enqueue(value);
			},
			async cancel(reason: unknown): Promise<void> {
				source.reason = reason;
				meter.left();
				await parts.return();
			},
		},
		{ highWaterMark: 0 },
	);
}

/** Reads a stream's parts; its own iterator would let a cancel wait for the part that is being read. */
class PartSource implements AsyncIterableIterator<unknown, undefined> {
	/** Why the caller leaves. */
	reason: unknown = undefined;
	readonly #reader: ReadableStreamDefaultReader<unknown>;
	readonly #meter: PartMeter;

	constructor(reader: ReadableStreamDefaultReader<unknown>, meter: PartMeter) {
		this.#reader = reader;
		this.#meter = meter;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<unknown, undefined>> {
		try {
			const { done, value } = await this.#reader.read();
			return done ? { done, value: undefined } : { done, value };
		} catch (error) {
			this.#meter.failed(error);
			throw error;
		}
	}

	async return(): Promise<IteratorResult<unknown, undefined>> {
		await this.#reader.cancel(this.reason);
		return { done: true, value: undefined };
	}
}

/** Parts that say nothing of an answer. */
const FRAME: ReadonlySet<unknown> = new Set([
	"stream-start",
	"response-metadata",
	"ping",
	"raw",
	"error",
	"finish",
]);

/** Reads the parts of a stream: LanguageModelV4StreamPart. */
class PartMeter implements StreamMeter<unknown> {
	readonly #call: Call;
	readonly #tools: ProviderTools | undefined;
	#isEmpty = true;
	#failure: { readonly error: unknown } | undefined = undefined;
	#end: Readonly<Record<string, unknown>> | undefined = undefined;

	constructor(call: Call, tools: ProviderTools | undefined) {
		this.#call = call;
		this.#tools = tools;
	}

	event(part: unknown): void {
		if (!isRecord(part)) return;
		const { type } = part;
		if (!FRAME.has(type)) {
			this.#isEmpty = false;
			this.#tools?.see(part);
			if (isToken(part)) this.#call.firstToken(String(type).startsWith("reasoning") ? "reasoning" : "answer");
		} else if (type === "response-metadata") this.#call.reportModel(part["modelId"]);
		else if (type === "error") this.#fails(part["error"]);
		else if (type === "finish") this.#finishes(part);
	}

	ended(): void {
		if (this.#failure !== undefined || this.#end !== undefined) this.#settle();
		else if (this.#isEmpty) failEmpty(this.#call);
		else this.#call.succeed();
	}

	/** The source has thrown. */
	failed(error: unknown): void {
		this.#failure ??= { error };
		this.#settle();
	}

	/** The caller wants no more parts; of an answer that has come to its end there is nothing to leave. */
	left(): void {
		if (this.#failure !== undefined || this.#end !== undefined) this.#settle();
	}

	/** What was used often comes only after the error, and not everyone reads on. */
	#fails(error: unknown): void {
		if (this.#failure !== undefined || this.#call.isSettled) return;
		this.#failure = { error };
		setTimeout(() => this.#settle(), REST_AFTER_ERROR_MS).unref();
	}

	/** Where the provider's bytes are read below, they may go on after the finish. */
	#finishes(part: Readonly<Record<string, unknown>>): void {
		this.#end = part;
		if (this.#call.exchanges.every(({ isDone, isFailed }) => isDone || isFailed)) this.#settle();
	}

	#settle(): void {
		const end = this.#end;
		const tools = this.#tools;
		const { finishReason, providerMetadata: metadata, usage } = end ?? {};
		if (this.#call.isSettled) return;
		if (this.#failure === undefined) {
			finishAnswer(this.#call, { finishReason, usage, metadata, tools, isEmpty: this.#isEmpty });
			return;
		}
		if (end !== undefined)
			reportUsage(this.#call, usage, usageOf(this.#call, { usage, metadata, tools }), true);
		failCall(this.#call, this.#failure.error);
	}
}

/** Whether a part carries something that the model has said; an opening part only announces it. */
function isToken({ delta, type }: Readonly<Record<string, unknown>>): boolean {
	if (String(type).endsWith("-delta")) return delta !== "";
	return type === "tool-call" || type === "file" || type === "reasoning-file" || type === "custom";
}
