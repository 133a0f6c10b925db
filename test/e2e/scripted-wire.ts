/** Tokens, as the bill counts them: `input` excludes what was read from the provider's cache or written to it. */
export interface Usage {
	readonly input: number;
	readonly output: number;
	/** Anthropic's only. */
	readonly cacheRead?: number;
	/** Anthropic's only. */
	readonly cacheWrite?: number;
}

/** What an error body says, in the words of either API. */
export interface Refusal {
	readonly type: string;
	/** OpenAI's only. */
	readonly code?: string;
	readonly message: string;
}

/** How one API writes the answer to one request. */
export interface Wire {
	readonly isStream: boolean;
	readonly body: (usage: Usage) => unknown;
	/** The stream, event by event, end mark included. */
	readonly events: (usage: Usage) => readonly string[];
	/** Its beginning, up to the first piece of the text. */
	readonly eventsUpToText: (usage: Usage) => readonly string[];
	readonly error: (refusal: Refusal) => unknown;
	readonly errorEvent: (refusal: Refusal) => string;
}

interface RequestBody {
	readonly model: string;
	readonly stream?: boolean;
	readonly stream_options?: { readonly include_usage?: boolean };
}

/** The API behind a path; `undefined` where there is none. */
export function wireOf(path: string, request: RequestBody): Wire | undefined {
	switch (path) {
		case "/v1/chat/completions":
			return openAIChat(request);
		case "/v1/embeddings":
			return openAIEmbeddings(request);
		case "/v1/messages":
			return anthropicMessages(request);
		default:
			return undefined;
	}
}

/** https://platform.openai.com/docs/api-reference/chat */
function openAIChat({ model, stream, stream_options: options }: RequestBody): Wire {
	const usageOf = ({ input, output }: Usage) => ({
		prompt_tokens: input,
		completion_tokens: output,
		total_tokens: input + output,
	});
	const head = { id: "chatcmpl-1", created: 1_700_000_000, model };
	const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
	const chunk = (delta: unknown, reason: string | null): string =>
		event({
			...head,
			object: "chat.completion.chunk",
			choices: [{ index: 0, delta, finish_reason: reason }],
			...(options?.include_usage === true ? { usage: null } : undefined),
		});
	const start = [chunk({ role: "assistant", content: "" }, null), chunk({ content: "Two " }, null)];
	const error = ({ code, message, type }: Refusal) => ({
		error: { message, type, param: null, code: code ?? null },
	});
	return {
		isStream: stream === true,
		body: (usage) => ({
			...head,
			object: "chat.completion",
			choices: [{ index: 0, message: { role: "assistant", content: "Two words" }, finish_reason: "stop" }],
			usage: usageOf(usage),
		}),
		events: (usage) => [
			...start,
			chunk({ content: "words" }, null),
			chunk({}, "stop"),
			...(options?.include_usage === true
				? [event({ ...head, object: "chat.completion.chunk", choices: [], usage: usageOf(usage) })]
				: []),
			"data: [DONE]\n\n",
		],
		eventsUpToText: () => start,
		error,
		errorEvent: (refusal) => event(error(refusal)),
	};
}

/** https://platform.openai.com/docs/api-reference/embeddings: input only, and no streams. */
function openAIEmbeddings(request: RequestBody): Wire {
	return {
		...openAIChat(request),
		body: ({ input }) => ({
			object: "list",
			model: request.model,
			data: [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }],
			usage: { prompt_tokens: input, total_tokens: input },
		}),
	};
}

/** https://docs.anthropic.com/en/api/messages and /en/api/messages-streaming */
function anthropicMessages({ model, stream }: RequestBody): Wire {
	const usageOf = ({ cacheRead = 0, cacheWrite = 0, input }: Usage, output: number) => ({
		input_tokens: input,
		cache_creation_input_tokens: cacheWrite,
		cache_read_input_tokens: cacheRead,
		output_tokens: output,
	});
	const message = (content: readonly unknown[], reason: string | null, usage: unknown) => ({
		id: "msg_1",
		type: "message",
		role: "assistant",
		model,
		content,
		stop_reason: reason,
		stop_sequence: null,
		usage,
	});
	const event = (type: string, fields: object): string =>
		`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
	const text = (piece: string): string =>
		event("content_block_delta", { index: 0, delta: { type: "text_delta", text: piece } });
	// At its start a stream counts the first token of its output.
	const eventsUpToText = (usage: Usage): readonly string[] => [
		event("message_start", { message: message([], null, usageOf(usage, 1)) }),
		event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
		text("Two "),
	];
	return {
		isStream: stream === true,
		body: (usage) => message([{ type: "text", text: "Two words" }], "end_turn", usageOf(usage, usage.output)),
		events: (usage) => [
			...eventsUpToText(usage),
			text("words"),
			event("content_block_stop", { index: 0 }),
			event("message_delta", {
				delta: { stop_reason: "end_turn", stop_sequence: null },
				usage: { output_tokens: usage.output },
			}),
			event("message_stop", {}),
		],
		eventsUpToText,
		error: ({ message: words, type }) => ({ type: "error", error: { type, message: words } }),
		errorEvent: ({ message: words, type }) => event("error", { error: { type, message: words } }),
	};
}
