import OpenAI, { AzureOpenAI } from "openai";
import OpenAI5 from "openai5";
import OpenAI6 from "openai6";
import { TOOL } from "./api-script.ts";
import {
	API_KEY,
	type ClientColumn,
	type ConnectOptions,
	defined,
	PROMPT,
	type ScriptedClient,
	wrapped,
} from "./client-column.ts";
import { REQUESTED_MODEL } from "./expected.ts";

/** The majors that are supported; what is used of them here is the same in all. */
const MAJORS: Readonly<Record<Major, typeof OpenAI>> = {
	5: OpenAI5 as unknown as typeof OpenAI,
	6: OpenAI6 as unknown as typeof OpenAI,
	7: OpenAI,
};

type Major = 5 | 6 | 7;

export function openaiChat(major: Major): ClientColumn {
	return {
		api: "openai-chat",
		canAskUsage: true,
		connect: (options) => chatOf(wrapped(new MAJORS[major](optionsOf(options)), options)),
	};
}

/** Azure's paths name the deployment, and its key has a header of its own. */
export const azureChat: ClientColumn = {
	api: "openai-chat",
	canAskUsage: true,
	connect: (options) => {
		const { baseURL, ...rest } = optionsOf(options);
		const endpoint = baseURL.replace(/\/v1$/, "");
		return chatOf(wrapped(new AzureOpenAI({ ...rest, endpoint, apiVersion: "2025-01-01-preview" }), options));
	},
};

export function openaiResponses(major: Major): ClientColumn {
	return {
		api: "openai-responses",
		canAskUsage: false,
		connect: (options) => responsesOf(wrapped(new MAJORS[major](optionsOf(options)), options)),
	};
}

function optionsOf({ baseURL, fetch, maxRetries = 0, timeoutMs }: ConnectOptions) {
	return {
		apiKey: API_KEY,
		baseURL,
		maxRetries,
		logLevel: "off" as const,
		...defined({ fetch, timeout: timeoutMs }),
	};
}

function chatOf(client: OpenAI): ScriptedClient {
	const tools: OpenAI.ChatCompletionTool[] = [{ type: "function", function: parametersOf() }];
	const body = (tool: boolean | undefined) => ({
		model: REQUESTED_MODEL["openai-chat"],
		messages: [{ role: "user" as const, content: PROMPT }],
		...(tool === true ? { tools } : undefined),
	});
	return {
		complete: ({ signal, tool } = {}) => client.chat.completions.create(body(tool), { signal }),
		stream: async function* ({ askUsage = true, signal, tool } = {}) {
			yield* await client.chat.completions.create(
				{
					...body(tool),
					stream: true,
					...(askUsage ? { stream_options: { include_usage: true } } : undefined),
				},
				{ signal },
			);
		},
		textOf: (event) => (event as OpenAI.ChatCompletionChunk).choices[0]?.delta.content ?? "",
	};
}

function responsesOf(client: OpenAI): ScriptedClient {
	const tools: OpenAI.Responses.Tool[] = [{ type: "function", strict: true, ...parametersOf() }];
	const body = (tool: boolean | undefined) => ({
		model: REQUESTED_MODEL["openai-responses"],
		input: PROMPT,
		...(tool === true ? { tools } : undefined),
	});
	return {
		complete: ({ signal, tool } = {}) => client.responses.create(body(tool), { signal }),
		stream: async function* ({ signal, tool } = {}) {
			yield* await client.responses.create({ ...body(tool), stream: true }, { signal });
		},
		textOf: (event) => {
			const { delta, type } = event as { readonly type: string; readonly delta?: string };
			return type === "response.output_text.delta" ? (delta ?? "") : "";
		},
	};
}

/** The tool with its schema as a plain record. */
function parametersOf(): { name: string; description: string; parameters: Record<string, unknown> } {
	return { name: TOOL.name, description: TOOL.description, parameters: { ...TOOL.parameters } };
}
