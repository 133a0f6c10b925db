import { isRecord } from "../wire/is-record.ts";
import { providerOfHost } from "../wire/provider-of-host.ts";

/** What a chat model has by which it is known, whichever copy of `@langchain/core` its class comes from. */
interface ChatModelShape {
	readonly lc_runnable: boolean;
	readonly _generate: unknown;
	readonly generatePrompt: unknown;
	readonly _modelType: () => string;
}

/** Whether it is a chat model of LangChain's, by its shape. Models that complete a text (`BaseLLM`) are none. */
export function isChatModel(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	try {
		// A view on what may be anything: each field is checked before it is believed.
		const model = value as Partial<ChatModelShape>;
		return (
			model.lc_runnable === true &&
			typeof model._generate === "function" &&
			typeof model.generatePrompt === "function" &&
			model._modelType?.() === "base_chat_model"
		);
	} catch {
		// A getter or a proxy of somebody else's threw.
		return false;
	}
}

/** LangSmith's names for providers that have another one here. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
	["amazon_bedrock", "aws"],
	["azure_openai", "azure"],
	["google_genai", "google"],
	["google_vertexai", "google"],
	["mistralai", "mistral"],
]);

/** The `provider` label of a model: the host that it asks tells, else what it says of itself to LangSmith. */
export function providerOf(model: object): string {
	const host = baseUrlOf(model);
	const known = host === undefined ? undefined : providerOfHost(host);
	if (known !== undefined) return known;
	const said = lsParam(model, "ls_provider")?.toLowerCase() ?? "unknown";
	return PROVIDERS.get(said) ?? said;
}

/** Where the classes for the `openai` and `@anthropic-ai/sdk` packages keep the URL that they give to the client. */
function baseUrlOf(model: object): string | undefined {
	// A view on fields that some classes have: they are checked before they are believed.
	const { apiUrl, clientConfig, clientOptions } = model as Readonly<Record<string, unknown>>;
	const options = [clientConfig, clientOptions].filter(isRecord);
	return [apiUrl, ...options.map(({ baseURL }) => baseURL)].find(isName);
}

/**
 * The model that is asked: the call's own where the class takes one from a call, else the instance's.
 *
 * @param options those of the call
 */
export function modelOf(model: object, options?: unknown): string {
	const asked = isRecord(options) ? options["model"] : undefined;
	if (isName(asked) && takesModel(model)) return asked;
	// A view on fields that most classes have: they are checked before they are believed.
	const { model: name, modelName } = model as Readonly<Record<string, unknown>>;
	if (isName(name)) return name;
	return isName(modelName) ? modelName : (lsParam(model, "ls_model_name") ?? "unknown");
}

/** Whether a call may name another model than its instance. */
function takesModel(model: object): boolean {
	const { callKeys } = model as { callKeys?: unknown }; // checked right below
	return Array.isArray(callKeys) && callKeys.includes("model");
}

function lsParam(model: object, key: string): string | undefined {
	try {
		const { getLsParams } = model as { getLsParams?: unknown }; // checked right below
		if (typeof getLsParams !== "function") return undefined;
		const params: unknown = Reflect.apply(getLsParams, model, [{}]);
		const value = isRecord(params) ? params[key] : undefined;
		return isName(value) ? value : undefined;
	} catch {
		// What it is asked for tracing may need more than a model that has not been called has.
		return undefined;
	}
}

function isName(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}
