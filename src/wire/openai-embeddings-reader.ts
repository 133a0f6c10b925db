import { bodyError } from "./body-error.ts";
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
		const body = isRecord(value) ? value : {};
		const { data, model, usage } = body;
		if (typeof model === "string" && model !== "") this.model = model;
		this.usage = parseOpenAIEmbeddingsUsage(usage);
		if (!Array.isArray(data)) {
			this.error = bodyError(value);
			return;
		}
		this.isEmpty = false;
		this.isComplete = true;
	}
}
