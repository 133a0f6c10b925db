import { findProvider } from "@pydantic/genai-prices";

/** A model in the price book: the provider's id there, and the model's name with that provider. */
export interface ListedName {
	readonly providerId: string;
	readonly model: string;
}

/**
 * Who bills, by a word anywhere in the label: "azure-openai" is Azure's bill, "anthropic-vertex" Google's. They come
 * before the makers of models, whom genai-prices would find in the same label.
 */
const HOSTS: readonly (readonly [word: string, providerId: string])[] = [
	["azure", "azure"],
	["bedrock", "aws"],
	["vertex", "google"],
	["openrouter", "openrouter"],
];

/** "openai-compatible" is whoever speaks OpenAI's API, often a server of one's own: OpenAI does not bill it. */
const SPEAKS_LIKE = /[a-z]+[-_. ]?(compat(ible)?|like)(?![a-z])/g;

/** Of "models/gemini-2.5-pro", and on Vertex "publishers/google/models/…", with or without project and location. */
const GOOGLE_PATH = /^\s*(projects\/[^/]+\/locations\/[^/]+\/)?(publishers\/[^/]+\/)?models\//i;

/**
 * Other names of a provider, whole; among them OpenTelemetry's and those of the AI SDK. genai-prices recognises some of
 * them, as it does any label that has one in it; here they are also whom the user's own prices may be for.
 */
const ALIASES: ReadonlyMap<string, string> = new Map([
	["amazon", "aws"],
	["amazon-bedrock", "aws"],
	["amazon_bedrock", "aws"],
	["bedrock", "aws"],
	["claude", "anthropic"],
	["deep-seek", "deepseek"],
	["fireworks-ai", "fireworks"],
	["fireworks_ai", "fireworks"],
	["fireworksai", "fireworks"],
	["gcp", "google"],
	["gemini", "google"],
	["grok", "x-ai"],
	["kimi", "moonshotai"],
	["mistral_ai", "mistral"],
	["mistralai", "mistral"],
	["moonshot", "moonshotai"],
	["open-router", "openrouter"],
	["open_router", "openrouter"],
	["together-ai", "together"],
	["together_ai", "together"],
	["togetherai", "together"],
	["voyage", "voyageai"],
	["x.ai", "x-ai"],
	["x_ai", "x-ai"],
	["xai", "x-ai"],
	["z.ai", "zai"],
	["z-ai", "zai"],
]);

/**
 * The provider and model that a label and a name stand for; `undefined` for a provider that genai-prices does not
 * know. The model's name never tells the provider, but LiteLLM's "anthropic/claude-…", which says it.
 */
export function listedName(label: string, model: string): ListedName | undefined {
	const name = normalName(label);
	if (name === "litellm") {
		const slash = model.indexOf("/");
		return slash < 1 ? undefined : listedName(model.slice(0, slash), model.slice(slash + 1));
	}
	const providerId = providerIdOf(name);
	return providerId === undefined ? undefined : { providerId, model: plainModel(providerId, model) };
}

/** The name without the path that it is a resource of, as Google's APIs and SDKs take both. */
export function plainModel(providerId: string | undefined, model: string): string {
	return providerId === "google" ? model.replace(GOOGLE_PATH, "") : model;
}

function providerIdOf(name: string): string | undefined {
	// "groq.chat", "aws.bedrock", "gcp.gemini": the first word is the provider.
	const first = name.split(".", 1)[0] ?? name;
	return (
		exactId(name) ??
		ALIASES.get(name) ??
		HOSTS.find(([word]) => name.includes(word))?.[1] ??
		exactId(first) ??
		ALIASES.get(first) ??
		recognised(name.replace(SPEAKS_LIKE, ""))
	);
}

/** The provider whose own name that is, an id or an alias; `undefined` for a label that only has it in it ("azure-eu"). */
export function ownProviderId(name: string): string | undefined {
	const normal = normalName(name);
	return exactId(normal) ?? ALIASES.get(normal);
}

/** As names are compared. */
export function normalName(name: string): string {
	return name.toLowerCase().trim();
}

function exactId(name: string): string | undefined {
	return recognised(name) === name ? name : undefined;
}

function recognised(name: string): string | undefined {
	return name === "" ? undefined : findProvider({ providerId: name })?.id;
}
