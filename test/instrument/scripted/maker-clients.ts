import Anthropic from "@anthropic-ai/sdk";
import { type GenerateContentParameters, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { TOOL } from "./api-script.ts";
import { API_KEY, type ClientColumn, defined, PROMPT, wrapped } from "./client-column.ts";
import { REQUESTED_MODEL } from "./expected.ts";

export const anthropicMessages: ClientColumn = {
	api: "anthropic",
	canAskUsage: false,
	connect: (options) => {
		const { baseURL, fetch, maxRetries = 0, timeoutMs } = options;
		const client = wrapped(
			new Anthropic({
				apiKey: API_KEY,
				baseURL,
				maxRetries,
				logLevel: "off",
				...defined({ fetch, timeout: timeoutMs }),
			}),
			options,
		);
		const tools: Anthropic.Tool[] = [
			{
				name: TOOL.name,
				description: TOOL.description,
				input_schema: { type: "object", ...TOOL.parameters },
			},
		];
		const body = (tool: boolean | undefined) => ({
			model: REQUESTED_MODEL.anthropic,
			max_tokens: 1024,
			messages: [{ role: "user" as const, content: PROMPT }],
			...(tool === true ? { tools } : undefined),
		});
		return {
			complete: ({ signal, tool } = {}) => client.messages.create(body(tool), { ...defined({ signal }) }),
			stream: async function* ({ signal, tool } = {}) {
				yield* await client.messages.create({ ...body(tool), stream: true }, { ...defined({ signal }) });
			},
			textOf: (event) => {
				const said = event as Anthropic.RawMessageStreamEvent;
				return said.type === "content_block_delta" && said.delta.type === "text_delta" ? said.delta.text : "";
			},
		};
	},
};

export const geminiGenerate: ClientColumn = {
	api: "gemini",
	canAskUsage: false,
	connect: (options) => {
		const { baseURL, fetch, maxRetries = 0, timeoutMs } = options;
		const retryOptions =
			maxRetries === 0 ? undefined : { attempts: maxRetries + 1, initialDelay: 0.001, jitter: 0 };
		const client = wrapped(
			new GoogleGenAI({
				apiKey: API_KEY,
				httpOptions: { baseUrl: baseURL, ...defined({ fetch, retryOptions, timeout: timeoutMs }) },
			}),
			options,
		);
		const declaration = {
			name: TOOL.name,
			description: TOOL.description,
			parametersJsonSchema: TOOL.parameters,
		};
		const body = (signal: AbortSignal | undefined, tool: boolean | undefined): GenerateContentParameters => ({
			model: REQUESTED_MODEL.gemini,
			contents: PROMPT,
			config: {
				...defined({ abortSignal: signal }),
				...(tool === true ? { tools: [{ functionDeclarations: [declaration] }] } : undefined),
			},
		});
		return {
			complete: ({ signal, tool } = {}) => client.models.generateContent(body(signal, tool)),
			stream: async function* ({ signal, tool } = {}) {
				yield* await client.models.generateContentStream(body(signal, tool));
			},
			// Not its `text`: that complains of parts which are no text.
			textOf: (event) => (event as GenerateContentResponse).candidates?.[0]?.content?.parts?.[0]?.text ?? "",
		};
	},
};
