import type OpenAI from "openai";
import type { Message, ToolDefinition } from "./llm-backend.ts";

/** Our conversation as OpenAI's chat API takes it. */
export function toOpenAIMessages(messages: readonly Message[]): OpenAI.ChatCompletionMessageParam[] {
	return messages.map(toOpenAIMessage);
}

/** Our tools as OpenAI's chat API takes them. */
export function toOpenAITools(tools: readonly ToolDefinition[]): OpenAI.ChatCompletionFunctionTool[] {
	return tools.map(({ name, description, parameters }) => ({
		type: "function",
		function: { name, ...(description === undefined ? undefined : { description }), parameters },
	}));
}

function toOpenAIMessage(message: Message): OpenAI.ChatCompletionMessageParam {
	switch (message.role) {
		case "system":
			return { role: "system", content: message.content };
		case "user":
			return {
				role: "user",
				content:
					typeof message.content === "string"
						? message.content
						: message.content.map((part) =>
								part.type === "text"
									? { type: "text", text: part.text }
									: { type: "image_url", image_url: { url: part.url } },
							),
			};
		case "assistant": {
			const { content, toolCalls = [] } = message;
			if (toolCalls.length === 0) return { role: "assistant", content };
			return {
				role: "assistant",
				content: content === "" ? null : content,
				tool_calls: toolCalls.map((call) => ({
					id: call.id,
					type: "function",
					function: { name: call.name, arguments: call.arguments },
				})),
			};
		}
		case "tool":
			return { role: "tool", tool_call_id: message.toolCallId, content: message.content };
	}
}
