import type { TokenUsage } from "../core/token-usage.ts";
import { isRecord } from "../wire/is-record.ts";

/** OpenAI's own tools that are billed by the use, by the AI SDK's ids; no usage object of OpenAI's counts them. */
const BILLED: ReadonlyMap<unknown, string> = new Map([
	["openai.web_search", "web_search"],
	["openai.web_search_preview", "web_search"],
	["openai.file_search", "file_search"],
	["openai.code_interpreter", "code_interpreter"],
	["openai.image_generation", "image_generation"],
]);

/** Counts the uses of the provider's own tools in an answer. */
export class ProviderTools {
	/** A tool's kind by the name that the caller has given it. */
	readonly #kinds: ReadonlyMap<unknown, string>;
	readonly #uses = new Map<string, number>();

	private constructor(kinds: ReadonlyMap<unknown, string>) {
		this.#kinds = kinds;
	}

	/** Of the tools that a model is given, if any of them is such a one. */
	static among(tools: unknown): ProviderTools | undefined {
		if (!Array.isArray(tools)) return undefined;
		const kinds = new Map<unknown, string>();
		for (const tool of tools) {
			const kind = isRecord(tool) ? BILLED.get(tool["id"]) : undefined;
			if (kind !== undefined && isRecord(tool)) kinds.set(tool["name"], kind);
		}
		return kinds.size === 0 ? undefined : new ProviderTools(kinds);
	}

	/** A part of an answer. Of a search only the search is billed: opening a page and finding something in it are not. */
	see({ preliminary, result, toolName, type }: Readonly<Record<string, unknown>>): void {
		const kind = type === "tool-result" && preliminary !== true ? this.#kinds.get(toolName) : undefined;
		if (kind === undefined) return;
		const action = isRecord(result) ? result["action"] : undefined;
		if (kind === "web_search" && isRecord(action) && action["type"] !== "search") return;
		this.#uses.set(kind, (this.#uses.get(kind) ?? 0) + 1);
	}

	/** A usage, and what was used of the tools. */
	addTo(usage: TokenUsage): TokenUsage {
		const { web_search: webSearches, ...serverTools } = Object.fromEntries(this.#uses);
		return {
			...usage,
			...(webSearches === undefined ? undefined : { webSearches }),
			...(Object.keys(serverTools).length === 0 ? undefined : { serverTools }),
		};
	}
}
