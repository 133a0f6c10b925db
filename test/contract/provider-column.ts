import { type LLMBackend, OpenAIProvider } from "../../src/providers/index.ts";
import {
	API_KEY,
	type ClientColumn,
	defined,
	PROMPT,
	wrapped,
} from "../instrument/scripted/client-column.ts";
import { REQUESTED_MODEL } from "../instrument/scripted/expected.ts";

/** Our own provider; what wraps it makes an `InstrumentedBackend` of it. */
export const ourProvider: ClientColumn = {
	api: "openai-chat",
	canAskUsage: false,
	connect: (options) => {
		const { baseURL, fetch, maxRetries = 0, timeoutMs } = options;
		const backend: LLMBackend = wrapped(
			new OpenAIProvider(API_KEY, REQUESTED_MODEL["openai-chat"], {
				baseURL,
				maxRetries,
				...defined({ fetch, timeout: timeoutMs }),
			}),
			options,
		);
		const question = [{ role: "user", content: PROMPT }] as const;
		return {
			complete: ({ signal } = {}) => backend.infer(question, [], 1, defined({ signal })),
			stream: async function* ({ signal } = {}) {
				yield* backend.inferStream(question, [], 1, defined({ signal }));
			},
			textOf: (event) => {
				const part = event as { readonly type: string; readonly text?: string };
				return part.type === "text-delta" ? (part.text ?? "") : "";
			},
		};
	},
};
