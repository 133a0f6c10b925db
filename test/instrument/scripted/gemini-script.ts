import {
	type Answer,
	type ApiScript,
	type Refusal,
	RETRY_AT_ONCE,
	type StreamScript,
	TOOL,
	type WireRequest,
} from "./api-script.ts";
import { ANSWERED_MODEL } from "./expected.ts";

/** https://ai.google.dev/api/generate-content, and google.rpc.Status for the errors. */
export const geminiScript: ApiScript = {
	owns: (path) => /\/models\/[^/]+:(generateContent|streamGenerateContent)$/.test(path),
	basePath: "",
	isStream: ({ path }) => path.endsWith(":streamGenerateContent"),
	headers: {},
	body: (_, answer) => chunk(part(answer, answer.pieces.join("")), USAGE, "STOP"),
	stream,
	refusals: {
		"rate-limit": {
			...quotaFailure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
			headers: RETRY_AT_ONCE,
		},
		quota: quotaFailure("GenerateSpendPerProjectPerMonth"),
		// A key that is wrong is no 401 here.
		"bad-key": error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
			{
				"@type": "type.googleapis.com/google.rpc.ErrorInfo",
				reason: "API_KEY_INVALID",
				domain: "googleapis.com",
			},
		]),
		"context-length": error(
			400,
			"INVALID_ARGUMENT",
			"The input token count (1212345) exceeds the maximum number of tokens allowed (1048576).",
		),
		"no-such-model": error(404, "NOT_FOUND", "models/gemini-2.5-flash is not found for API version v1beta."),
		overloaded: error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
		...noStreamOptions(),
	},
};

const DETAILS = {
	promptTokensDetails: [{ modality: "TEXT", tokenCount: 900 }],
	cacheTokensDetails: [{ modality: "TEXT", tokenCount: 640 }],
};

/** The prompt includes what came from the cache; the candidates exclude the thoughts. */
const USAGE = {
	promptTokenCount: 900,
	cachedContentTokenCount: 640,
	candidatesTokenCount: 85,
	thoughtsTokenCount: 130,
	totalTokenCount: 1115,
	...DETAILS,
};

/**
 * What the chunks before the last one say, the same in all of them: a stream that is cut anywhere between has told
 * the same.
 */
const RUNNING_USAGE = { ...USAGE, candidatesTokenCount: 21, totalTokenCount: 1051 };

function chunk(content: object, usage: object, reason?: string): object {
	return {
		candidates: [
			{
				content: { parts: [content], role: "model" },
				...(reason === undefined ? undefined : { finishReason: reason }),
				index: 0,
			},
		],
		usageMetadata: usage,
		modelVersion: ANSWERED_MODEL.gemini,
		responseId: "scripted1",
	};
}

function part(answer: Answer, said: string): object {
	if (answer.kind === "text") return { text: said };
	const args: unknown = JSON.parse(said);
	return { functionCall: { name: TOOL.name, args } };
}

/** Chunks with `\r\n`, and no end mark but a reason to finish. A call of a tool is never in pieces: the first is whole. */
function stream(_: WireRequest, answer: Answer): StreamScript {
	const call = part(answer, answer.pieces.join(""));
	let isFirst = true;
	return {
		head: [],
		piece: (text) => {
			const content = answer.kind === "text" ? { text } : isFirst ? call : { text: "" };
			isFirst = false;
			return event(chunk(content, RUNNING_USAGE));
		},
		tail: () => [event(chunk({ text: "" }, USAGE, "STOP"))],
		error: () => [event(error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.").body)],
	};
}

function event(data: unknown): string {
	return `data: ${JSON.stringify(data)}\r\n\r\n`;
}

function error(code: number, status: string, message: string, details?: readonly object[]): Refusal {
	return { status: code, body: { error: { code, message, status, ...(details && { details }) } } };
}

/** Google says "quota" of a rate as well: which of the two it is stands in the quota's name. */
function quotaFailure(quotaId: string): Refusal {
	return error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota: see the details.", [
		{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId }] },
		{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "0.001s" },
	]);
}

/** What the API says of a field that it does not know. */
function noStreamOptions(): Readonly<Record<"no-stream-options" | "no-stream-options-422", Refusal>> {
	const refusal = error(400, "INVALID_ARGUMENT", 'Unknown name "stream_options": Cannot find field.');
	return { "no-stream-options": refusal, "no-stream-options-422": refusal };
}
