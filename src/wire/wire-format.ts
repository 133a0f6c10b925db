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

/** Ends of paths, whole segments each, of which the first that fits counts. */
const PATHS: readonly (readonly [end: string, format: WireRequest["format"], operation: Operation])[] = [
	// It is asked now and answered another time.
	["/async/chat/completions", "unmetered", "chat"],
	["/chat/completions", "openai-chat", "chat"],
	["/completions", "openai-completions", "chat"],
	["/responses", "openai-responses", "chat"],
	["/responses/compact", "openai-responses", "chat"],
	["/embeddings", "openai-embeddings", "embeddings"],
	["/messages", "anthropic-messages", "chat"],
	["/messages/count_tokens", "free", "chat"],
	["/responses/input_tokens", "free", "chat"],
	["/moderations", "free", "chat"],
	["/cancel", "free", "chat"],
	// Where a client with short-lived credentials gets them.
	["/token", "free", "chat"],
];

/** A plain word is no id, and neither is a version: what stands there is another API, at an address of that name. */
const ID: string = String.raw`\/(?![a-z]+(?:\/|$)|v\d+\/)[^/]+`;

/** What the Assistants API keeps, and the notes to a stored completion: writing these costs nothing, only a run does. */
const BOOKKEEPING = new RegExp(
	String.raw`\/(?:assistants|threads)(?:${ID})?$|\/threads${ID}\/(?:messages(?:\/[^/]+)?|runs\/[^/]+)$|\/chat\/completions${ID}$`,
);

/** Google's methods stand behind a colon. */
const GOOGLE_PATH = /(?:^|\/)(\w+)\/([^/:]+):(\w+)$/;
const GOOGLE: ReadonlyMap<string, readonly [WireFormat | "free", Operation, boolean]> = new Map([
	["generateContent", ["gemini-generate", "chat", false]],
	["streamGenerateContent", ["gemini-generate", "chat", true]],
	["embedContent", ["gemini-embed", "embeddings", false]],
	["batchEmbedContents", ["gemini-embed", "embeddings", false]],
	["countTokens", ["free", "chat", false]],
	["computeTokens", ["free", "chat", false]],
	["fetchPredictOperation", ["free", "chat", false]],
	["cancel", ["free", "chat", false]],
]);
/** What a name that stands before a colon is a model in: for Vertex, endpoints have models of one's own. */
const GOOGLE_MODELS = /^(?:models|tunedModels|endpoints)$/;

const FREE: WireRequest = { format: "free", operation: "chat", model: undefined, isStream: undefined };
const UNMETERED: WireRequest = { ...FREE, format: "unmetered" };

/** A program asks few URLs, again and again. */
const known = new Map<string, WireRequest>();
const MOST_KNOWN = 256;
/** What is longer is not remembered. */
const LONGEST_KNOWN = 512;

/** Which API a request goes to, by its method and its URL or path alone: whatever stands before the API's own path. */
export function wireRequest(method: string, url: string): WireRequest {
	// Reading and deleting cost nothing.
	if (method !== "POST" && method !== "post" && method.toUpperCase() !== "POST") return FREE;
	// A query may have a key in it, which is nothing to remember.
	const place = upTo(upTo(url, "?"), "#");
	const before = known.get(place);
	if (before !== undefined) return before;
	const request = posted(pathOf(place));
	if (known.size >= MOST_KNOWN) known.clear();
	if (place.length <= LONGEST_KNOWN) known.set(place, request);
	return request;
}

function upTo(url: string, mark: string): string {
	const end = url.indexOf(mark);
	return end === -1 ? url : url.slice(0, end);
}

function posted(path: string): WireRequest {
	const [, collection = "", name, method] = GOOGLE_PATH.exec(path) ?? [];
	if (name !== undefined && method !== undefined) return googleRequest(path, collection, name, method);
	if (BOOKKEEPING.test(path)) return FREE;
	const model = decoded(/\/openai\/deployments\/([^/]+)\//.exec(path)?.[1]);
	const [, format = "unmetered", operation = "chat"] = PATHS.find(([end]) => path.endsWith(end)) ?? [];
	return { format, operation, model, isStream: undefined };
}

function googleRequest(path: string, collection: string, name: string, method: string): WireRequest {
	const model = GOOGLE_MODELS.test(collection) ? decoded(name) : undefined;
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
	return url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/]*/i, "").replace(/\/+$/, "");
}

function decoded(text: string | undefined): string | undefined {
	try {
		return text === undefined ? undefined : decodeURIComponent(text);
	} catch {
		return text;
	}
}
