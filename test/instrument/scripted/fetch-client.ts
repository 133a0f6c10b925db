import { API_KEY, type ClientColumn, PROMPT } from "./client-column.ts";
import { REQUESTED_MODEL } from "./expected.ts";

/** Nothing but `fetch`, as for `meteredFetch` alone: what it gives are the status and the text that came, as it came. */
export const bareFetch: ClientColumn = {
	api: "openai-chat",
	canAskUsage: true,
	connect: ({ baseURL, fetch: fetchToUse = fetch, timeoutMs }) => {
		const ask = (signal: AbortSignal | undefined, rest: object): Promise<Response> => {
			const limits = [
				...(signal === undefined ? [] : [signal]),
				...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]),
			];
			return fetchToUse(`${baseURL}/chat/completions`, {
				method: "POST",
				headers: { "content-type": "application/json", authorization: `Bearer ${API_KEY}` },
				body: JSON.stringify({
					model: REQUESTED_MODEL["openai-chat"],
					messages: [{ role: "user", content: PROMPT }],
					...rest,
				}),
				...(limits.length === 0 ? undefined : { signal: AbortSignal.any(limits) }),
			});
		};
		return {
			complete: async ({ signal } = {}) => {
				const response = await ask(signal, {});
				return { status: response.status, text: await response.text() };
			},
			/** The events, each as its text with its line ends; whatever is left at the end is the last one. */
			stream: async function* ({ askUsage = true, signal } = {}) {
				const options = askUsage ? { stream_options: { include_usage: true } } : undefined;
				const response = await ask(signal, { stream: true, ...options });
				const decoder = new TextDecoder();
				let text = "";
				for await (const bytes of response.body ?? []) {
					text += decoder.decode(bytes, { stream: true });
					const end = text.lastIndexOf("\n\n") + 2;
					if (end === 1) continue;
					yield* text.slice(0, end).split(/(?<=\n\n)/);
					text = text.slice(end);
				}
				if (text !== "") yield text;
			},
			textOf: (event) => /"delta":\{"content":"(.*?)"/.exec(String(event))?.[1] ?? "",
		};
	},
};
