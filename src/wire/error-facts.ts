import type { ErrorType } from "../core/llm-error.ts";
import { isRecord } from "./is-record.ts";
import { parseRateLimitHeaders } from "./rate-limit-headers.ts";

/** What the classification of a failed call says. */
export interface ErrorFacts {
	readonly errorType: ErrorType;
	/** The HTTP status, where there was an answer. */
	readonly status?: number;
	/** How long the provider asks to wait, in milliseconds. */
	readonly retryAfterMs?: number;
}

/** What a thrown value, or an error body in a stream, says of itself in the provider's words. */
export interface ErrorWords {
	/** Codes, then types, lower case, the outermost first. */
	readonly names: readonly string[];
	/** The messages of all layers, for what some providers say in no other way. */
	readonly message: string;
	readonly status: number | undefined;
	readonly retryAfterMs: number | undefined;
	/** Google's names of the quotas that a request ran into. */
	readonly quotaIds: readonly string[];
}

/**
 * Reads the words out of an SDK's error (OpenAI's has the body's `error` in `error`, Anthropic's the whole body,
 * Google's has the body as JSON in its message, AWS' its own name for a code), or out of the body itself.
 */
export function readErrorWords(error: unknown): ErrorWords {
	const layers = layersOf(error);
	const lists = layers.flatMap((layer) => recordsIn(layer["details"]));
	const single = layers.map((layer) => layer["details"]).filter(isRecord);
	const codes = [
		...strings(layers, ["code", "errorCode"]),
		...strings(layers.filter(isOfAws), ["name"]),
		...strings(single, ["error_code"]),
		...strings(lists, ["reason"]),
	];
	const types = strings(layers, ["type", "status"]);
	const violations = lists.flatMap((detail) => recordsIn(detail["violations"]));
	return {
		names: [...codes, ...types].map((name) => name.toLowerCase()),
		message: strings(layers, ["message"]).join("\n"),
		status: statusOf(layers),
		retryAfterMs: retryAfterOf(layers, lists),
		quotaIds: strings(violations, ["quotaId"]),
	};
}

type Layer = Readonly<Record<string, unknown>>;

/** The error and the bodies inside it, from the outside in. */
function layersOf(error: unknown): readonly Layer[] {
	const layers: Layer[] = [];
	let next: unknown = error;
	while (layers.length < 6) {
		const inner: unknown = Array.isArray(next) ? next[0] : typeof next === "string" ? textLayer(next) : next;
		if (!isRecord(inner)) break;
		layers.push(inner);
		const response = isRecord(inner["response"]) ? inner["response"]["error"] : undefined;
		next = inner["error"] ?? response ?? jsonIn(inner["message"]);
	}
	return layers;
}

function recordsIn(list: unknown): readonly Layer[] {
	return Array.isArray(list) ? list.filter(isRecord) : [];
}

/** A body that is text: JSON, or (xAI) a bare message. */
function textLayer(text: string): unknown {
	return jsonIn(text) ?? { message: text };
}

function jsonIn(text: unknown): unknown {
	if (typeof text !== "string" || !/^\s*[[{]/.test(text)) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function strings(layers: readonly Layer[], keys: readonly string[]): string[] {
	return keys
		.flatMap((key) => layers.map((layer) => layer[key]))
		.filter((value) => typeof value === "string");
}

/** Whether AWS' SDK has thrown it, whose classes are the exceptions of the service. */
function isOfAws(layer: Layer): boolean {
	return isRecord(layer["$metadata"]);
}

/**
 * The HTTP status, as `status_code` at Ollama; inside a stream the one that Google, OpenRouter and Azure write into the
 * body as `code`.
 */
function statusOf(layers: readonly Layer[]): number | undefined {
	const aws = layers.map((layer) => layer["$metadata"]).filter(isRecord);
	for (const key of ["status", "statusCode", "status_code", "httpStatusCode", "code"]) {
		for (const layer of key === "httpStatusCode" ? aws : layers) {
			const value = layer[key];
			const status = typeof value === "string" && /^[45]\d\d$/.test(value) ? Number(value) : value;
			const isHttp = typeof status === "number" && Number.isInteger(status) && status >= 100 && status < 600;
			if (isHttp && (key !== "code" || status >= 400)) return status;
		}
	}
	return undefined;
}

function retryAfterOf(layers: readonly Layer[], details: readonly Layer[]): number | undefined {
	for (const layer of layers) {
		const headers = layer["headers"];
		if (isRecord(headers) && hasGet(headers)) {
			const { retryAfterMs } = parseRateLimitHeaders(headers);
			if (retryAfterMs !== undefined) return retryAfterMs;
		}
	}
	// google.rpc.RetryInfo: a duration as protobuf's JSON writes it, "34.4s".
	const delay = strings(details, ["retryDelay"]).map((text) => /^(\d{1,9}(?:\.\d+)?)s$/.exec(text)?.[1])[0];
	return delay === undefined ? undefined : Math.round(Number(delay) * 1000);
}

function hasGet(headers: object): headers is { get(name: string): string | null } {
	return "get" in headers && typeof headers.get === "function";
}
