import type { Call } from "../monitoring/call.ts";
import { type BillSaid, billSaid, NO_BILL } from "../wire/bill-said.ts";
import { GroundingSearches } from "../wire/grounding-searches.ts";
import { isRecord } from "../wire/is-record.ts";
import { addUsageMetadata, parseUsageMetadata } from "./langchain-usage.ts";

/** Tells a call what a `ChatResult` says of its usage and its model. */
export function reportGenerations(call: Call, result: unknown): void {
	if (!isRecord(result) || !Array.isArray(result["generations"])) return;
	const generations: readonly unknown[] = result["generations"];
	for (const generation of generations) {
		call.reportModel(modelIn(generation) ?? modelIn({ message: { response_metadata: result["llmOutput"] } }));
		// Of several answers to one prompt each has the usage of all.
		const usage = usageIn(generation);
		if (usage === undefined) continue;
		const searches = new GroundingSearches();
		searches.add(groundingIn(generation));
		reportUsage(call, usage, billIn(generation), searches);
		return;
	}
}

/** Reads a stream piece by piece: `ChatGenerationChunk`s, or events of LangChain's content blocks. */
export class ChunkReader {
	/** Whether nothing has come but, at most, the end. */
	isEmpty = true;
	#usage: unknown = undefined;
	#bill: BillSaid = NO_BILL;
	readonly #searches = new GroundingSearches();

	read(piece: unknown, call: Call): void {
		if (!isRecord(piece)) return;
		if (piece["event"] !== "message-finish") this.isEmpty = false;
		if (typeof piece["event"] === "string") this.#readEvent(piece, call);
		else this.#readChunk(piece, call);
	}

	/** The usages of the chunks add up: that is what LangChain does when it puts them together. */
	#readChunk(chunk: Readonly<Record<string, unknown>>, call: Call): void {
		const token = tokenIn(chunk);
		if (token !== undefined) call.firstToken(token);
		call.reportModel(modelIn(chunk));
		const usage = usageIn(chunk);
		const bill = billIn(chunk);
		if (bill !== NO_BILL) this.#bill = bill;
		const isNews = this.#searches.add(groundingIn(chunk)) || bill !== NO_BILL;
		if (usage === undefined && (!isNews || this.#usage === undefined)) return;
		if (usage !== undefined) this.#usage = addUsageMetadata(this.#usage, usage);
		reportUsage(call, this.#usage, this.#bill, this.#searches);
	}

	/** The usage of an event is that of all until then. */
	#readEvent(event: Readonly<Record<string, unknown>>, call: Call): void {
		if (event["event"] === "content-block-delta") {
			const { type } = record(event["delta"] ?? event["content"]);
			call.firstToken(isReasoning(type) ? "reasoning" : "answer");
		}
		call.reportModel(record(event["payload"])["model"] ?? record(event["responseMetadata"])["model_name"]);
		if (isRecord(event["usage"])) reportUsage(call, event["usage"]);
	}
}

/** What was read off the wire knows more than what LangChain keeps of it. */
function reportUsage(
	call: Call,
	metadata: unknown,
	bill: BillSaid = NO_BILL,
	searches?: GroundingSearches,
): void {
	if (call.exchanges.some(({ usage }) => usage !== undefined)) return;
	const parsed = parseUsageMetadata(metadata);
	if ("usage" in parsed) {
		const webSearches = searches?.billed(call.answeredModel ?? call.model);
		call.reportUsage(webSearches === undefined ? parsed.usage : { ...parsed.usage, webSearches }, bill);
		// No usage at all is one that cannot be read.
	} else if (parsed.missing === "parse_error") call.reportUsage(null);
}

/** What Google's package keeps of a candidate beside its content. */
function groundingIn(generation: unknown): unknown {
	return record(record(generation)["generationInfo"])["groundingMetadata"];
}

function usageIn(generation: unknown): unknown {
	return record(record(generation)["message"])["usage_metadata"] ?? undefined;
}

/** What the OpenAI package keeps of the answer beside the usage, and of the usage as it was sent. */
function billIn(generation: unknown): BillSaid {
	const { generationInfo, message } = record(generation);
	const metadata = record(record(message)["response_metadata"]);
	const tier = metadata["service_tier"] ?? record(generationInfo)["service_tier"];
	return billSaid(record(metadata["usage"]), { service_tier: tier });
}

function modelIn(generation: unknown): unknown {
	const { generationInfo, message } = record(generation);
	const metadata = record(record(message)["response_metadata"]);
	return metadata["model_name"] ?? metadata["model"] ?? record(generationInfo)["model_name"];
}

/** Whether a chunk has a token, and of which kind. The first of most streams only says who speaks. */
function tokenIn(chunk: Readonly<Record<string, unknown>>): "answer" | "reasoning" | undefined {
	const { additional_kwargs: kwargs, content, tool_call_chunks: tools } = record(chunk["message"]);
	if (isFilled(content) && !Array.isArray(content)) return "answer";
	if (isFilled(tools)) return "answer";
	const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
	const kinds = blocks.map(tokenInBlock);
	if (kinds.includes("answer")) return "answer";
	const { audio, reasoning, reasoning_content: thoughts } = record(kwargs);
	if (kinds.includes("reasoning") || isFilled(thoughts) || isRecord(reasoning)) return "reasoning";
	return isRecord(audio) ? "answer" : undefined;
}

function tokenInBlock(block: unknown): "answer" | "reasoning" | undefined {
	const { reasoning, text, thinking, type } = record(block);
	if (isReasoning(type)) return reasoning === "" || thinking === "" ? undefined : "reasoning";
	return type === "text" && !isFilled(text) ? undefined : "answer";
}

function isReasoning(type: unknown): boolean {
	return typeof type === "string" && /^(reasoning|thinking|redacted_thinking)/.test(type);
}

function isFilled(value: unknown): boolean {
	return (typeof value === "string" || Array.isArray(value)) && value.length > 0;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
	return isRecord(value) ? value : {};
}
