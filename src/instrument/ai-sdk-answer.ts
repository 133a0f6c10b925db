import { LlmError } from "../core/llm-error.ts";
import { sumUsages, type TokenUsage } from "../core/token-usage.ts";
import type { Call } from "../monitoring/call.ts";
import { Exchange } from "../monitoring/exchange.ts";
import { billSaid } from "../wire/bill-said.ts";
import { GroundingSearches } from "../wire/grounding-searches.ts";
import { isRecord } from "../wire/is-record.ts";
import type { ParsedUsage } from "../wire/parsed-usage.ts";
import { countAnswered } from "./ai-sdk-attempt.ts";
import { ProviderTools } from "./ai-sdk-tools.ts";
import type { ModelParams } from "./ai-sdk-types.ts";
import { covers, parseAiSdkEmbeddingUsage, parseAiSdkUsage } from "./ai-sdk-usage.ts";

/** What `doGenerate` gives: `{ content, finishReason, usage, response?, providerMetadata? }`. */
export function readGenerated(result: unknown, call: Call, params: ModelParams): void {
	if (!isRecord(result)) {
		call.succeed();
		return;
	}
	const { content, finishReason, providerMetadata: metadata, response, usage } = result;
	countAnswered(call, response);
	const tools = ProviderTools.among(params.tools);
	if (tools !== undefined && Array.isArray(content))
		for (const part of content) if (isRecord(part)) tools.see(part);
	if (isRecord(response)) call.reportModel(response["modelId"]);
	finishAnswer(call, { finishReason, usage, metadata, tools, isEmpty: false });
}

/** What `doEmbed` gives: `{ embeddings, usage?, response? }`, the provider's own answer in `response.body`. */
export function readEmbedded(result: unknown, call: Call): void {
	if (isRecord(result)) {
		const { response, usage } = result;
		countAnswered(call, response);
		const body = isRecord(response) ? response["body"] : undefined;
		if (isRecord(body)) call.reportModel(body["model"]);
		reportUsage(call, usage, parseAiSdkEmbeddingUsage(usage), true);
	}
	call.succeed();
}

/** How an answer ended, in the AI SDK's words. */
export interface AnswerEnd {
	/** `{ unified, raw }`. */
	readonly finishReason: unknown;
	readonly usage: unknown;
	/** What else the provider said, by its name: `{ openai: { serviceTier } }`. */
	readonly metadata: unknown;
	/** The provider's own tools, with what was used of them. */
	readonly tools: ProviderTools | undefined;
	/** Nothing of an answer came before the end. */
	readonly isEmpty: boolean;
}

/**
 * Ends a call with its answer. `interrupted` is the SDK's word for a stream without an end mark: its usage is not known to
 * be the whole, and if nothing came before it, it was no answer. `error` without an error is the provider's word for
 * an answer that it could not finish: the caller gets what there is of it, the call has failed with an `api_error`.
 */
export function finishAnswer(call: Call, end: AnswerEnd): void {
	const { finishReason, isEmpty, usage } = end;
	const unified = isRecord(finishReason) ? finishReason["unified"] : finishReason;
	reportUsage(call, usage, usageOf(call, end), unified !== "interrupted");
	if (unified === "error") call.fail(new LlmError("api_error", "The model stopped because of an error."));
	else if (unified === "interrupted" && isEmpty) failEmpty(call);
	else call.succeed();
}

/** Ends a call whose stream ended before anything of an answer. */
export function failEmpty(call: Call): void {
	call.fail(new LlmError("invalid_response", "The stream ended before its first part."));
}

/** The usage of an answer, with what was used of the provider's own tools, and the service tier. */
export function usageOf(
	call: Call,
	{ metadata, tools, usage: said }: Pick<AnswerEnd, "metadata" | "tools" | "usage">,
): ParsedUsage {
	const parsed = parseAiSdkUsage(said);
	if (!("usage" in parsed)) return parsed;
	const searches = new GroundingSearches();
	let { serviceTier } = parsed;
	for (const one of isRecord(metadata) ? Object.values(metadata).filter(isRecord) : []) {
		if ("serviceTier" in one) serviceTier ??= billSaid(one).serviceTier;
		searches.add(one["groundingMetadata"]);
	}
	const webSearches = searches.billed(call.answeredModel ?? call.model);
	const usage = webSearches === undefined ? parsed.usage : { ...parsed.usage, webSearches };
	return { ...parsed, serviceTier, usage: tools === undefined ? usage : tools.addTo(usage) };
}

/** Reports a usage, unless an instrumented client or `fetch` below has told of it in more detail. */
export function reportUsage(call: Call, said: unknown, parsed: ParsedUsage, isWhole: boolean): void {
	if (!("usage" in parsed)) {
		// The call itself sees that it is no usage.
		if (parsed.missing === "parse_error") call.reportUsage(said);
		return;
	}
	const { usage } = parsed;
	if (isHeard(call, usage)) return;
	if (isWhole || call.exchanges.length > 0) call.reportUsage(usage, parsed);
	else reportPart(call, parsed);
}

function isHeard({ exchanges }: Call, usage: TokenUsage): boolean {
	const heard = exchanges.flatMap((exchange) => (exchange.usage === undefined ? [] : [exchange.usage]));
	if (heard.length === 0) return false;
	return covers(sumUsages(heard), usage);
}

/** A usage that is not known to be the whole, as an exchange says it. */
function reportPart(call: Call, parsed: ParsedUsage): void {
	const exchange = new Exchange(call, call.priceProvider, call.model);
	exchange.reportUsage(parsed);
	exchange.reportModel(call.answeredModel);
	exchange.done(false);
	call.exchanges.push(exchange);
}
