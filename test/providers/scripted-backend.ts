import type {
	CallOptions,
	EmbeddingResponse,
	LLMBackend,
	LLMResponse,
	ModelInfo,
	StreamEvent,
} from "../../src/providers/llm-backend.ts";

/** A stream whose events the test sends, one at a time, whenever it likes. */
export class ScriptedStream implements AsyncIterableIterator<StreamEvent, undefined> {
	/** Whether the reader has left it. */
	closed = false;
	readonly #waiting: {
		resolve: (result: IteratorResult<StreamEvent, undefined>) => void;
		reject: (error: unknown) => void;
	}[] = [];
	readonly #queue: (() => Promise<IteratorResult<StreamEvent, undefined>>)[] = [];

	[Symbol.asyncIterator](): this {
		return this;
	}

	send(event: StreamEvent): void {
		this.#push(async () => ({ done: false, value: event }));
	}

	end(): void {
		this.#push(async () => ({ done: true, value: undefined }));
	}

	fail(error: unknown): void {
		this.#push(async () => Promise.reject(error));
	}

	next(): Promise<IteratorResult<StreamEvent, undefined>> {
		const ready = this.#queue.shift();
		if (ready !== undefined) return ready();
		if (this.closed) return Promise.resolve({ done: true, value: undefined });
		return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
	}

	async return(): Promise<IteratorResult<StreamEvent, undefined>> {
		this.closed = true;
		for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
		return { done: true, value: undefined };
	}

	#push(result: () => Promise<IteratorResult<StreamEvent, undefined>>): void {
		const reader = this.#waiting.shift();
		if (reader === undefined) this.#queue.push(result);
		else result().then(reader.resolve, reader.reject);
	}
}

/** A backend that does what the test says. */
export class ScriptedBackend implements LLMBackend {
	/** What the next `infer` and `embed` give. */
	answer: (options?: CallOptions) => Promise<LLMResponse> = async () => ANSWER;
	embedding: () => Promise<EmbeddingResponse> = async () => ({
		embedding: [1, 2],
		usage: { inputUncached: 8 },
	});
	stream: (options?: CallOptions) => AsyncIterable<StreamEvent> = () => new ScriptedStream();
	asked = 0;
	readonly #info: ModelInfo;

	constructor(info: ModelInfo = { model: "gpt-4-turbo", provider: "openai" }) {
		this.#info = info;
	}

	async infer(
		_messages: unknown,
		_tools: unknown,
		_temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse> {
		this.asked += 1;
		return this.answer(options);
	}

	inferStream(
		_messages: unknown,
		_tools: unknown,
		_temperature: number,
		options?: CallOptions,
	): AsyncIterable<StreamEvent> {
		this.asked += 1;
		return this.stream(options);
	}

	async embed(): Promise<EmbeddingResponse> {
		this.asked += 1;
		return this.embedding();
	}

	modelInfo(): ModelInfo {
		return this.#info;
	}
}

/** 100 input and 20 output tokens: $0.0016 at GPT-4 Turbo's prices. */
export const ANSWER: LLMResponse = {
	content: "hi",
	toolCalls: [],
	finishReason: "stop",
	usage: { inputUncached: 100, output: 20 },
};

/** The end mark of a stream with the same usage. */
export const DONE: StreamEvent = {
	type: "done",
	finishReason: "stop",
	usage: { inputUncached: 100, output: 20 },
};

/** One token. */
export const TOKEN: StreamEvent = { type: "text-delta", text: "t" };
