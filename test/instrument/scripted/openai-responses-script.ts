import {
	type Answer,
	type ApiScript,
	CREATED,
	type ErrorForm,
	namedEvent,
	type StreamScript,
	TOOL,
	TOOL_CALL_ID,
	type WireRequest,
} from "./api-script.ts";
import { ANSWERED_MODEL } from "./expected.ts";
import { errorObject, OPENAI_REFUSALS, rateLimits } from "./openai-refusals.ts";

/** https://platform.openai.com/docs/api-reference/responses, and its streaming events. */
export const openaiResponsesScript: ApiScript = {
	owns: (path) => path.endsWith("/responses"),
	basePath: "/v1",
	isStream: ({ body }) => body["stream"] === true,
	headers: { "x-request-id": "req_responses_1", ...rateLimits(4998, 148_000) },
	body: (_, answer) => response("completed", [item(answer, "completed")], USAGE),
	stream,
	refusals: OPENAI_REFUSALS,
};

const USAGE = {
	input_tokens: 2300,
	input_tokens_details: { cached_tokens: 2048 },
	output_tokens: 410,
	output_tokens_details: { reasoning_tokens: 256 },
	total_tokens: 2710,
};

function response(
	status: string,
	output: readonly object[],
	usage: object | null,
	error: object | null = null,
): object {
	return {
		id: "resp_scripted1",
		object: "response",
		created_at: CREATED,
		status,
		background: false,
		error,
		incomplete_details: null,
		instructions: null,
		max_output_tokens: null,
		model: ANSWERED_MODEL["openai-responses"],
		output,
		parallel_tool_calls: true,
		previous_response_id: null,
		reasoning: { effort: "medium", summary: null },
		service_tier: status === "in_progress" ? "auto" : "default",
		store: true,
		temperature: 1,
		text: { format: { type: "text" }, verbosity: "medium" },
		tool_choice: "auto",
		tools: [],
		top_p: 1,
		truncation: "disabled",
		usage,
		user: null,
		metadata: {},
	};
}

/** The one item of the output; one that is in progress is still empty. */
function item(answer: Answer, status: "completed" | "in_progress"): object {
	const said = status === "completed" ? answer.pieces.join("") : "";
	return answer.kind === "text"
		? {
				id: "msg_scripted1",
				type: "message",
				status,
				role: "assistant",
				content: status === "completed" ? [textPart(said)] : [],
			}
		: {
				id: "fc_scripted1",
				type: "function_call",
				status,
				arguments: said,
				call_id: TOOL_CALL_ID,
				name: TOOL.name,
			};
}

function textPart(text: string): object {
	return { type: "output_text", annotations: [], logprobs: [], text };
}

function stream(_: WireRequest, answer: Answer): StreamScript {
	let sequence = 0;
	const event = (type: string, fields: object): string =>
		namedEvent({ type, sequence_number: sequence++, ...fields });
	const isText = answer.kind === "text";
	const place = { item_id: isText ? "msg_scripted1" : "fc_scripted1", output_index: 0 };
	const part = { ...place, content_index: 0 };
	const said = answer.pieces.join("");
	return {
		head: [
			event("response.created", { response: response("in_progress", [], null) }),
			event("response.in_progress", { response: response("in_progress", [], null) }),
			event("response.output_item.added", { output_index: 0, item: item(answer, "in_progress") }),
			...(isText ? [event("response.content_part.added", { ...part, part: textPart("") })] : []),
		],
		piece: (text) =>
			isText
				? event("response.output_text.delta", { ...part, delta: text, logprobs: [] })
				: event("response.function_call_arguments.delta", { ...place, delta: text }),
		tail: () => [
			...(isText
				? [
						event("response.output_text.done", { ...part, text: said, logprobs: [] }),
						event("response.content_part.done", { ...part, part: textPart(said) }),
					]
				: [event("response.function_call_arguments.done", { ...place, name: TOOL.name, arguments: said })]),
			event("response.output_item.done", { output_index: 0, item: item(answer, "completed") }),
			event("response.completed", {
				response: response("completed", [item(answer, "completed")], USAGE),
			}),
		],
		error: (form) => errorEvents(form, event),
	};
}

/** Usually an `error` event, with the error one level down, and `response.failed` after it. */
function errorEvents(form: ErrorForm, event: (type: string, fields: object) => string): readonly string[] {
	const code = "server_error";
	const message = "The server had an error in the middle of it.";
	if (form === "flat") return [event("error", { code, message, param: null })];
	const failed = () =>
		event("response.failed", { response: response("failed", [], null, { code, message }) });
	if (form === "failed") return [failed()];
	return [event("error", { error: errorObject(code, code, message) }), failed()];
}
