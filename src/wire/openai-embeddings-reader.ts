import { isRecord } from "./is-record.ts";
import { parseOpenAIEmbeddingsUsage } from "./openai-chat.ts";
import { NOT_REPORTED, type ParsedUsage } from "./parsed-usage.ts";
import type { WireReader } from "./wire-reader.ts";

/** Reads the answer of an embeddings API: always whole. */
export class OpenAIEmbeddingsReader implements WireReader {
	usage: ParsedUsage = NOT_REPORTED;
	model: string | undefined = undefined;
	readonly firstToken: undefined = undefined;
	isEmpty = true;
	isComplete = false;
	readonly isEnded: boolean = false;
	error: unknown = undefined;

	event(): void {
		this.isEmpty = false;
	}

	body(value: unknown): void {
		if (!isRecord(value)) return;
		const { data, error, model, usage } = value;
		if (!Array.isArray(data)) {
			this.error = isRecord(error) ? value : { message: "no embeddings", name: "SyntaxError" };
			return;
		}
		this.isEmpty = false;
		this.isComplete = true;
		if (typeof model === "string" && model !== "") this.model = model;
		this.usage = parseOpenAIEmbeddingsUsage(usage);
	}
}
