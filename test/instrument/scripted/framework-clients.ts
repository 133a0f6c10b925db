import { createOpenAI } from "@ai-sdk/openai";
import { AIMessageChunk } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, jsonSchema, streamText, tool as aiTool, type ToolSet } from "ai";
import { TOOL } from "./api-script.ts";
import { API_KEY, type ClientColumn, defined, PROMPT, wrapped } from "./client-column.ts";
import { REQUESTED_MODEL } from "./expected.ts";

/** The AI SDK: what is wrapped is the model, and an `error` part of a stream is thrown as a reader would throw it. */
function aiSdk(api: "openai-chat" | "openai-responses"): ClientColumn {
	return {
		api,
		// It always asks.
		canAskUsage: false,
		connect: (options) => {
			const { baseURL, fetch, maxRetries = 0, timeoutMs } = options;
			const openai = createOpenAI({ apiKey: API_KEY, baseURL, ...defined({ fetch }) });
			const id = REQUESTED_MODEL[api];
			const model = wrapped(api === "openai-chat" ? openai.chat(id) : openai.responses(id), options);
			const forecast = aiTool({
				description: TOOL.description,
				inputSchema: jsonSchema<{ city: string; days: number }>({ ...TOOL.parameters }),
			});
			const question = (signal: AbortSignal | undefined, tool: boolean | undefined) => ({
				model,
				prompt: PROMPT,
				maxRetries,
				...defined({ abortSignal: signal, timeout: timeoutMs }),
				tools: (tool === true ? { forecast } : {}) as ToolSet,
			});
			return {
				complete: ({ signal, tool } = {}) => generateText(question(signal, tool)),
				stream: async function* ({ signal, tool } = {}) {
					const { fullStream } = streamText({ ...question(signal, tool), onError: () => undefined });
					for await (const part of fullStream) {
						if (part.type === "error") throw part.error;
						yield part;
					}
				},
				textOf: (event) => {
					const part = event as { readonly type: string; readonly text?: string };
					return part.type === "text-delta" ? (part.text ?? "") : "";
				},
			};
		},
	};
}

export const aiSdkChat: ClientColumn = aiSdk("openai-chat");
export const aiSdkResponses: ClientColumn = aiSdk("openai-responses");

/** LangChain: what is wrapped is the chat model. It has an `openai` of its own below, which it forbids to retry. */
export const langchainChat: ClientColumn = {
	api: "openai-chat",
	canAskUsage: true,
	connect: (options) => {
		const { baseURL, fetch, maxRetries = 0, timeoutMs } = options;
		const make = (streamUsage: boolean) =>
			wrapped(
				new ChatOpenAI({
					model: REQUESTED_MODEL["openai-chat"],
					apiKey: API_KEY,
					maxRetries,
					streamUsage,
					useResponsesApi: false,
					configuration: { baseURL, logLevel: "off", ...defined({ fetch }) },
					...defined({ timeout: timeoutMs }),
				}),
				options,
			);
		// Whether it asks for usage is a matter of the model, not of the call.
		const models = { asking: make(true), silent: make(false) };
		const modelFor = (model: ChatOpenAI, tool: boolean | undefined) =>
			tool === true
				? model.bindTools([
						{ type: "function", function: { name: TOOL.name, parameters: { ...TOOL.parameters } } },
					])
				: model;
		return {
			complete: ({ signal, tool } = {}) =>
				modelFor(models.asking, tool).invoke(PROMPT, { ...defined({ signal }) }),
			stream: async function* ({ askUsage = true, signal, tool } = {}) {
				const model = modelFor(askUsage ? models.asking : models.silent, tool);
				yield* await model.stream(PROMPT, { ...defined({ signal }) });
			},
			textOf: (event) =>
				event instanceof AIMessageChunk && typeof event.content === "string" ? event.content : "",
		};
	},
};
