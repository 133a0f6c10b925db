import { bodyError, WRONG_FORM } from "./body-error.ts";
import { parseGeminiUsage } from "./gemini.ts";
import { GroundingSearches } from "./grounding-searches.ts";
import { isRecord } from "./is-record.ts";
import { NOT_REPORTED, type ParsedUsage } from "./parsed-usage.ts";
import type { WireReader } from "./wire-reader.ts";
import { isBroken, latin1Json, wireText } from "./wire-text.ts";

/** Reads what Gemini generates or embeds: whole, in events, or (a stream without `alt=sse`) as a list of chunks. */
export class GeminiReader implements WireReader {
	usage: ParsedUsage = NOT_REPORTED;
	model: string | undefined = undefined;
	firstToken: "answer" | "reasoning" | undefined = undefined;
	isEmpty = true;
	isComplete = false;
	/** There is no end mark: a reason to have finished may come before the last usage. */
	readonly isEnded: boolean = false;
	error: unknown = undefined;
	readonly #isEmbedding: boolean;
	readonly #askedModel: string | undefined;
	readonly #searches = new GroundingSearches();
	#said: unknown = undefined;

	constructor(isEmbedding: boolean, askedModel: string | undefined) {
		this.#isEmbedding = isEmbedding;
		this.#askedModel = askedModel;
	}

	event(_name: string | undefined, data: string): void {
		const said = latin1Json(data);
		// An error may come in a list.
		const chunk: unknown = Array.isArray(said) ? said[0] : said;
		if (isRecord(chunk)) this.#take(chunk, wireText);
		else if (isBroken(data)) this.error = WRONG_FORM;
	}

	body(value: unknown): void {
		for (const chunk of Array.isArray(value) ? value : [value]) {
			if (isRecord(chunk)) this.#take(chunk, (text) => text);
		}
		if (this.error !== undefined) return;
		if (this.isEmpty) this.error = bodyError(value);
		this.isComplete = !this.isEmpty;
	}

	#take(chunk: Readonly<Record<string, unknown>>, decode: (text: string) => string): void {
		const { candidates, error, modelVersion, usageMetadata } = chunk;
		if (isRecord(error)) {
			this.isEmpty = false;
			this.error = chunk;
			return;
		}
		if (this.#isEmbedding) this.isEmpty &&= !("embedding" in chunk || "embeddings" in chunk);
		else this.isEmpty &&= !("candidates" in chunk || "usageMetadata" in chunk || "promptFeedback" in chunk);
		if (typeof modelVersion === "string" && modelVersion !== "") this.model = decode(modelVersion);
		// Each report is of all that was until then. Vertex's first ones have no counts.
		let isNews = isRecord(usageMetadata) && Object.keys(usageMetadata).some((key) => key.endsWith("Count"));
		if (isNews) this.#said = usageMetadata;
		for (const candidate of Array.isArray(candidates) ? candidates.filter(isRecord) : []) {
			if (this.#searches.add(candidate["groundingMetadata"])) isNews = true;
			if (typeof candidate["finishReason"] === "string") this.isComplete = true;
			this.firstToken ??= tokenIn(candidate["content"]);
		}
		if (isNews)
			this.usage = parseGeminiUsage(this.#said, this.#searches.billed(this.model ?? this.#askedModel));
		// A prompt that was refused has no candidate.
		if (isRecord(chunk["promptFeedback"]) && chunk["promptFeedback"]["blockReason"] !== undefined)
			this.isComplete = true;
	}
}

function tokenIn(content: unknown): "answer" | "reasoning" | undefined {
	const parts = isRecord(content) && Array.isArray(content["parts"]) ? content["parts"].filter(isRecord) : [];
	// A part may be nothing but the signature of a thought.
	const first = parts.find(({ text, thought: _, thoughtSignature: __, ...rest }) =>
		typeof text === "string" ? text !== "" : Object.keys(rest).length > 0,
	);
	if (first === undefined) return undefined;
	return first["thought"] === true ? "reasoning" : "answer";
}
