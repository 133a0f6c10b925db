import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer.ts";
import type { Failure } from "./fault.ts";

/** Both providers cache nothing that is shorter than 1,024 tokens. */
export const CACHEABLE_CHARACTERS = 4096;

/** A tool of a request: its name and the JSON Schema of its arguments. */
export interface SimulatedTool {
	readonly name: string;
	readonly parameters: unknown;
}

/** What the simulation needs to know of a chat request, whichever API it came by. */
export interface ChatRequest {
	readonly model: string;
	/** Everything that is said in it, to count and to seed with. */
	readonly prompt: string;
	/** What of it the provider's prompt cache keeps; empty when it is too short for that, or not asked for. */
	readonly cacheable: string;
	readonly tools: readonly SimulatedTool[];
	/** The most output tokens. */
	readonly maxTokens: number | undefined;
	readonly stream: boolean;
	/** Whether a stream ends with its usage. */
	readonly includeUsage: boolean;
}

/** An HTTP answer that is an error. */
export interface WireError {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: unknown;
}

/** A piece of a stream, and how many output tokens have been made when it is sent. */
export interface WireFrame {
	readonly text: string;
	readonly atToken: number;
}

/** How much of a minute's allowance is left. */
export interface RateLimitState {
	readonly requestLimit: number;
	readonly requestsLeft: number;
	readonly tokenLimit: number;
	readonly tokensLeft: number;
	/** Until everything is there again, at speed 1. */
	readonly resetMs: number;
}

/** One provider's words for requests, answers and errors. */
export interface SimulatedWire {
	readonly family: "openai" | "anthropic";
	/** Headers that every answer of this provider has. */
	headers(requestId: string, limits: RateLimitState, nowMs: number): Record<string, string>;
	requestId(hex: string): string;
	/** Whether a request has an API key, any at all. */
	hasKey(headers: IncomingHttpHeaders): boolean;
	/** The request, or in a sentence what is wrong with it. */
	read(body: Readonly<Record<string, unknown>>): ChatRequest | string;
	error(failure: Failure, requestId: string): WireError;
	/** The whole answer, for a request without streaming. */
	body(answer: Answer): unknown;
	/** The answer as a stream. */
	frames(answer: Answer, includeUsage: boolean): Iterable<WireFrame>;
	/** What is sent when a stream fails on its way. */
	errorFrame(requestId: string): string;
}
