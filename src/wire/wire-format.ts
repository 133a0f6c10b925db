import type { Operation } from "../core/settled-call.ts";

/** The APIs whose answers we can read. */
export type WireFormat =
	| "openai-chat"
	| "openai-completions"
	| "openai-responses"
	| "openai-embeddings"
	| "anthropic-messages"
	| "gemini-generate"
	| "gemini-embed";

/** What a request's method and path say. */
export interface WireRequest {
	/** `unmetered`: it may cost money and we cannot read it; `free`: it costs none. */
	readonly format: WireFormat | "unmetered" | "free";
	readonly operation: Operation;
	/** Where the path names it: Gemini, Azure's deployments. */
	readonly model: string | undefined;
	/** Where the path tells: Gemini; else the body does. */
	readonly isStream: boolean | undefined;
}

/** Ends of paths, whole segments each. */
const PATHS: readonly (readonly [end: string, format: WireFormat | "free", operation: Operation])[] = [
	["/chat/completions", "openai-chat", "chat"],
	["/completions", "openai-completions", "chat"],
	["/responses", "openai-responses", "chat"],
	["/embeddings", "openai-embeddings", "embeddings"],
	["/messages", "anthropic-messages", "chat"],
	["/messages/count_tokens", "free", "chat"],
	["/responses/input_tokens", "free", "chat"],
	["/moderations", "free", "chat"],
	["/cancel", "free", "chat"],
];

/** Google's methods stand behind a colon. */
const GOOGLE: ReadonlyMap<string, readonly [WireFormat | "free", Operation, boolean]> = new Map([
	["generateContent", ["gemini-generate", "chat", false]],
	["streamGenerateContent", ["gemini-generate", "chat", true]],
	["embedContent", ["gemini-embed", "embeddings", false]],
	["batchEmbedContents", ["gemini-embed", "embeddings", false]],
	["countTokens", ["free", "chat", false]],
	["computeTokens", ["free", "chat", false]],
]);

const FREE: WireRequest = { format: "free", operation: "chat", model: undefined, isStream: undefined };
const UNMETERED: WireRequest = { ...FREE, format: "unmetered" };

/** Which API a request goes to, by its method and its URL or path alone: whatever stands before the API's own path. */
export function wireRequest(method: string, url: string): WireRequest {
	// Reading and deleting cost nothing.
	if (method.toUpperCase() !== "POST") return FREE;
	const path = pathOf(url);
	const google = /\/models\/([^/:]+):(\w+)$/.exec(path) ?? /^models\/([^/:]+):(\w+)$/.exec(path);
	if (google !== null) return googleRequest(path, google[1] ?? "", google[2] ?? "");
	const found = PATHS.filter(([end]) => path.endsWith(end)).toSorted(([a], [b]) => b.length - a.length)[0];
	if (found === undefined) return UNMETERED;
	const [, format, operation] = found;
	const deployment = /\/openai\/deployments\/([^/]+)\//.exec(path)?.[1];
	return { format, operation, model: decoded(deployment), isStream: undefined };
}

function googleRequest(path: string, name: string, method: string): WireRequest {
	const model = decoded(name);
	// Anthropic's models on Vertex.
	if (path.includes("/publishers/anthropic/")) {
		if (method !== "rawPredict" && method !== "streamRawPredict") return { ...UNMETERED, model };
		if (name === "count-tokens") return FREE;
		return {
			format: "anthropic-messages",
			operation: "chat",
			model,
			isStream: method === "streamRawPredict",
		};
	}
	const known = GOOGLE.get(method);
	if (known === undefined) return { ...UNMETERED, model };
	const [format, operation, isStream] = known;
	return { format, operation, model, isStream };
}

function pathOf(url: string): string {
	const start = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
	const end = url.slice(start).search(/[?#]/);
	const path = end < 0 ? url.slice(start) : url.slice(start, start + end);
	return path.replace(/\/+$/, "");
}

function decoded(text: string | undefined): string | undefined {
	try {
		return text === undefined ? undefined : decodeURIComponent(text);
	} catch {
		return text;
	}
}
