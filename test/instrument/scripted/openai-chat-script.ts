import {
	type Answer,
	type ApiScript,
	CREATED,
	dataEvent,
	type StreamScript,
	TOOL,
	TOOL_CALL_ID,
	type WireRequest,
} from "./api-script.ts";
import { ANSWERED_MODEL } from "./expected.ts";
import { errorObject, OPENAI_REFUSALS, rateLimits } from "./openai-refusals.ts";

/** https://platform.openai.com/docs/api-reference/chat, and its streaming events. */
export const openaiChatScript: ApiScript = {
	owns: (path) => path.endsWith("/chat/completions"),
	basePath: "/v1",
	isStream: ({ body }) => body["stream"] === true,
	headers: { "x-request-id": "req_chat_1", ...rateLimits(4998, 148_000) },
	body: (_, answer) => ({
		...HEAD,
		object: "chat.completion",
		choices: [
			{
				index: 0,
				message: { role: "assistant", ...message(answer), refusal: null, annotations: [] },
				logprobs: null,
				finish_reason: finishReason(answer),
			},
		],
		usage: USAGE,
		service_tier: "default",
	}),
	stream,
	refusals: OPENAI_REFUSALS,
};

const USAGE = {
	prompt_tokens: 1200,
	completion_tokens: 350,
	total_tokens: 1550,
	prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
	completion_tokens_details: {
		reasoning_tokens: 192,
		audio_tokens: 0,
		accepted_prediction_tokens: 0,
		rejected_prediction_tokens: 0,
	},
};

const HEAD = {
	id: "chatcmpl-scripted1",
	created: CREATED,
	model: ANSWERED_MODEL["openai-chat"],
	system_fingerprint: "fp_scripted",
};

function message(answer: Answer): object {
	const said = answer.pieces.join("");
	if (answer.kind === "text") return { content: said };
	const call = { id: TOOL_CALL_ID, type: "function", function: { name: TOOL.name, arguments: said } };
	return { content: null, tool_calls: [call] };
}

function finishReason(answer: Answer): string {
	return answer.kind === "text" ? "stop" : "tool_calls";
}

/**
 * Usage comes only where the request asks for it: then in one more chunk, whose `choices` is empty, and every other
 * chunk says `"usage": null`.
 */
function stream({ body }: WireRequest, answer: Answer): StreamScript {
	const options: unknown = body["stream_options"];
	const asked =
		typeof options === "object" &&
		options !== null &&
		"include_usage" in options &&
		options.include_usage === true;
	const chunk = (choices: readonly object[], usage: object | null = null): string =>
		dataEvent({
			...HEAD,
			object: "chat.completion.chunk",
			service_tier: "default",
			choices,
			...(asked ? { usage } : undefined),
		});
	const choice = (delta: object, reason: string | null = null): string =>
		chunk([{ index: 0, delta, logprobs: null, finish_reason: reason }]);
	const call = {
		index: 0,
		id: TOOL_CALL_ID,
		type: "function",
		function: { name: TOOL.name, arguments: "" },
	};
	const start = answer.kind === "text" ? { content: "" } : { content: null, tool_calls: [call] };
	return {
		head: [choice({ role: "assistant", ...start, refusal: null })],
		piece: (text) =>
			choice(
				answer.kind === "text"
					? { content: text }
					: { tool_calls: [{ index: 0, function: { arguments: text } }] },
			),
		tail: () => [choice({}, finishReason(answer)), ...(asked ? [chunk([], USAGE)] : []), "data: [DONE]\n\n"],
		error: () => [
			dataEvent({ error: errorObject("server_error", null, "The server had an error in the middle of it.") }),
		],
	};
}
