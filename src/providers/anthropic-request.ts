import type Anthropic from "@anthropic-ai/sdk";
import { isRecord } from "../wire/is-record.ts";
import type { ImagePart, Message, ToolCall, ToolDefinition } from "./llm-backend.ts";

/** A conversation as Anthropic's API takes it: what the system says stands apart from who says what. */
export interface AnthropicConversation {
	readonly system: string;
	readonly messages: Anthropic.MessageParam[];
}

/**
 * Our conversation as Anthropic's API takes it. Neighbours of one role become one message: so the results of parallel
 * tool calls stand together at the head of the user's next message, where the API wants them. What cannot be said
 * there is thrown as what `refuse` makes of it.
 */
export function toAnthropicConversation(
	messages: readonly Message[],
	refuse: (what: string) => Error,
): AnthropicConversation {
	const system: string[] = [];
	const turns: { role: "user" | "assistant"; content: Anthropic.ContentBlockParam[] }[] = [];
	for (const message of messages) {
		if (message.role === "system") {
			system.push(message.content);
			continue;
		}
		const role = message.role === "assistant" ? "assistant" : "user";
		const content = toBlocks(message, refuse);
		const last = turns.at(-1);
		if (last?.role === role) last.content.push(...content);
		else if (content.length > 0) turns.push({ role, content });
	}
	return { system: system.filter((text) => text !== "").join("\n\n"), messages: turns };
}

/** Our tools as Anthropic's API takes them. */
export function toAnthropicTools(tools: readonly ToolDefinition[]): Anthropic.Tool[] {
	return tools.map(({ name, description, parameters }) => ({
		name,
		...(description === undefined ? undefined : { description }),
		input_schema: { ...parameters, type: "object" },
	}));
}

function toBlocks(
	message: Exclude<Message, { role: "system" }>,
	refuse: (what: string) => Error,
): Anthropic.ContentBlockParam[] {
	switch (message.role) {
		case "user":
			return typeof message.content === "string"
				? [{ type: "text", text: message.content }]
				: message.content.map((part) =>
						part.type === "text" ? { type: "text", text: part.text } : toImage(part, refuse),
					);
		case "assistant":
			return [
				// The API refuses empty text.
				...(message.content === "" ? [] : [{ type: "text", text: message.content } as const]),
				...(message.toolCalls ?? []).map(toToolUse),
			];
		case "tool":
			return [{ type: "tool_result", tool_use_id: message.toolCallId, content: message.content }];
	}
}

/** Arguments that are no JSON object go back under the key that Anthropic's documentation names for them. */
function toToolUse(call: ToolCall): Anthropic.ToolUseBlockParam {
	let input: unknown = {};
	if (call.arguments.trim() !== "") {
		try {
			input = JSON.parse(call.arguments);
		} catch {
			input = undefined;
		}
	}
	if (!isRecord(input)) input = { INVALID_JSON: call.arguments };
	return { type: "tool_use", id: call.id, name: call.name, input };
}

function toImage({ url }: ImagePart, refuse: (what: string) => Error): Anthropic.ImageBlockParam {
	if (/^https?:/i.test(url)) return { type: "image", source: { type: "url", url } };
	const [, type, data] = /^data:([\w.+-]+\/[\w.+-]+);base64,(.*)$/s.exec(url) ?? [];
	if (type === undefined || data === undefined) {
		throw refuse("an image's url must be an http(s) address or a base64 data: URL.");
	}
	// Which types there are is for the API to say, as it may learn new ones.
	const media = type as Anthropic.Base64ImageSource["media_type"];
	return { type: "image", source: { type: "base64", media_type: media, data } };
}
