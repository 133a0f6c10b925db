import { isRecord } from "../wire/is-record.ts";
import type { ModelProfile } from "./model-profile.ts";
import type { Random } from "./random.ts";
import type { ChatRequest, SimulatedTool } from "./simulated-wire.ts";

/** A simulated answer, before it is put into a provider's words. */
export interface Answer {
	/** The model's dated name. */
	readonly model: string;
	/** Random letters and digits for the ids. */
	readonly id: string;
	/** Seconds since the epoch. */
	readonly created: number;
	/** The text, a token each. Empty when the model calls a tool. */
	readonly pieces: readonly string[];
	readonly toolCall: SimulatedToolCall | undefined;
	readonly stop: "end" | "length" | "tool";
	readonly inputTokens: number;
	/** Part of `inputTokens`. */
	readonly cachedTokens: number;
	/** Part of `inputTokens`: put into the cache by this request (Anthropic only). */
	readonly cacheWriteTokens: number;
	/** Reasoning included. */
	readonly outputTokens: number;
	/** Part of `outputTokens`. */
	readonly reasoningTokens: number;
}

/** A tool that the model wants to be run. */
export interface SimulatedToolCall {
	readonly name: string;
	/** JSON, in the pieces in which a stream brings it. */
	readonly argumentPieces: readonly string[];
}

const TOOL_CALL_SHARE = 0.3;

const WORDS =
	"the a simulated answer shows how this service spends time and tokens on each request while every model keeps its own pace so that latency cost and errors can be seen on one page as they would be in production without any real data".split(
		" ",
	);

/** Tokens of a text by the usual rule of thumb: four characters each. */
export function countTokens(text: string): number {
	return Math.ceil(text.length / 4);
}

/** How a request's input is split between the provider's prompt cache and the rest, in tokens. */
export interface CachedInput {
	readonly read: number;
	readonly write: number;
}

/** Makes up an answer: its length, its words, perhaps a call of one of the tools. */
export function composeAnswer(
	request: ChatRequest,
	profile: ModelProfile,
	random: Random,
	input: CachedInput,
): Answer {
	const cap = request.maxTokens ?? Number.POSITIVE_INFINITY;
	const reasoning = Math.min(Math.round(random.logNormal(profile.reasoningTokens, 0.6)), cap);
	const tool = request.tools.length > 0 && random.chance(TOOL_CALL_SHARE) ? request.tools[0] : undefined;
	const toolCall = tool && { name: tool.name, argumentPieces: argumentPieces(tool, random) };
	// A caller who leaves room for few tokens asked a question with a short answer.
	const median = Math.min(profile.outputTokens, cap * 0.6);
	const wanted = toolCall?.argumentPieces.length ?? Math.max(1, Math.round(random.logNormal(median, 0.5)));
	const length = Math.max(0, Math.min(wanted, cap - reasoning));
	return {
		model: profile.answersAs,
		id: random.id(29),
		created: Math.floor(Date.now() / 1000),
		pieces: toolCall === undefined ? words(length, random) : [],
		toolCall,
		stop: toolCall !== undefined ? "tool" : length < wanted ? "length" : "end",
		inputTokens: countTokens(request.prompt) + 8,
		cachedTokens: input.read,
		cacheWriteTokens: input.write,
		outputTokens: reasoning + length,
		reasoningTokens: reasoning,
	};
}

function words(count: number, random: Random): string[] {
	return Array.from({ length: count }, (_, i) => {
		const word = WORDS[random.integer(0, WORDS.length - 1)] ?? "";
		return i === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : ` ${word}`;
	});
}

/** Arguments that fit the tool's schema as far as its plain properties go. */
function argumentPieces(tool: SimulatedTool, random: Random): string[] {
	const properties = isRecord(tool.parameters) ? tool.parameters["properties"] : undefined;
	const values = Object.entries(isRecord(properties) ? properties : {}).map(([name, schema]) => [
		name,
		argument(isRecord(schema) ? schema : {}, random),
	]);
	return JSON.stringify(Object.fromEntries(values)).match(/.{1,6}/gsu) ?? [];
}

function argument(schema: Readonly<Record<string, unknown>>, random: Random): unknown {
	const choices: unknown = schema["enum"];
	if (Array.isArray(choices)) return choices[random.integer(0, choices.length - 1)];
	if (schema["type"] === "number" || schema["type"] === "integer") return random.integer(1, 40);
	if (schema["type"] === "boolean") return random.chance(0.5);
	if (schema["type"] === "array") return [];
	if (schema["type"] === "object") return {};
	return words(2, random).join("");
}
