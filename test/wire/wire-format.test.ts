import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type WireFormat, wireRequest } from "../../src/wire/wire-format.ts";

const OPENAI = "https://api.openai.com/v1";
const AZURE = "https://my-resource.openai.azure.com/openai";
const GEMINI = "https://generativelanguage.googleapis.com/v1beta";
const VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1";

/** The URLs of the APIs that we read, as the providers' references and their SDKs have them. */
const METERED: readonly (readonly [url: string, format: WireFormat, model?: string, isStream?: boolean])[] = [
	[`${OPENAI}/chat/completions`, "openai-chat"],
	[`${OPENAI}/completions`, "openai-completions"],
	[`${OPENAI}/responses`, "openai-responses"],
	[`${OPENAI}/responses?beta=true`, "openai-responses"],
	[`${OPENAI}/responses/compact`, "openai-responses"],
	[`${OPENAI}/embeddings`, "openai-embeddings"],
	[`${AZURE}/deployments/gpt-4o/chat/completions?api-version=2024-10-21`, "openai-chat", "gpt-4o"],
	[`${AZURE}/deployments/my%20model/completions?api-version=2024-10-21`, "openai-completions", "my model"],
	[`${AZURE}/deployments/ada/embeddings?api-version=2024-10-21`, "openai-embeddings", "ada"],
	[`${AZURE}/deployments/gpt-4o/extensions/chat/completions?api-version=x`, "openai-chat", "gpt-4o"],
	[`${AZURE}/v1/chat/completions`, "openai-chat"],
	[`${AZURE}/v1/responses?api-version=preview`, "openai-responses"],
	[`${AZURE}/responses?api-version=2025-04-01-preview`, "openai-responses"],
	["https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview", "openai-chat"],
	["https://r.services.ai.azure.com/anthropic/v1/messages", "anthropic-messages"],
	["https://openrouter.ai/api/v1/chat/completions", "openai-chat"],
	["https://openrouter.ai/api/v1/responses", "openai-responses"],
	["https://api.groq.com/openai/v1/chat/completions", "openai-chat"],
	["https://api.deepseek.com/chat/completions", "openai-chat"],
	["https://api.deepseek.com/anthropic/v1/messages", "anthropic-messages"],
	["https://api.mistral.ai/v1/fim/completions", "openai-completions"],
	["https://api.mistral.ai/v1/agents/completions", "openai-completions"],
	["https://api.cohere.ai/compatibility/v1/chat/completions", "openai-chat"],
	[`${GEMINI}/openai/chat/completions`, "openai-chat"],
	[`${VERTEX}/endpoints/openapi/chat/completions`, "openai-chat"],
	["http://127.0.0.1:11434/v1/chat/completions/", "openai-chat"],
	["https://gateway.example/threads/organizations/v1/chat/completions#x", "openai-chat"],
	["https://gateway.example/assistants/responses", "openai-responses"],
	["https://gateway.example/threads/responses", "openai-responses"],
	["https://gateway.example/threads/embeddings", "openai-embeddings"],
	["https://gateway.example/assistants/completions", "openai-completions"],
	["https://gateway.example/threads/v1/messages", "anthropic-messages"],
	["https://gateway.example/threads/messages", "anthropic-messages"],
	["https://api.anthropic.com/v1/messages", "anthropic-messages"],
	["https://api.anthropic.com/v1/messages?beta=true", "anthropic-messages"],
	[
		`${VERTEX}/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict`,
		"anthropic-messages",
		"claude-sonnet-4@20250514",
		false,
	],
	[
		`${VERTEX}/publishers/anthropic/models/claude-sonnet-4%4020250514:streamRawPredict`,
		"anthropic-messages",
		"claude-sonnet-4@20250514",
		true,
	],
	[`${GEMINI}/models/gemini-2.5-flash:generateContent`, "gemini-generate", "gemini-2.5-flash", false],
	[`${GEMINI}/models/gemini-2.5-flash:generateContent?key=k`, "gemini-generate", "gemini-2.5-flash", false],
	[
		`${GEMINI}/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
		"gemini-generate",
		"gemini-2.5-flash",
		true,
	],
	[`${GEMINI}/tunedModels/my-model:generateContent`, "gemini-generate", "my-model", false],
	[`${GEMINI}/models/gemini-embedding-001:embedContent`, "gemini-embed", "gemini-embedding-001", false],
	[`${GEMINI}/models/gemini-embedding-001:batchEmbedContents`, "gemini-embed", "gemini-embedding-001", false],
	[
		`${VERTEX}/publishers/google/models/gemini-2.5-pro:generateContent`,
		"gemini-generate",
		"gemini-2.5-pro",
		false,
	],
	[
		`${VERTEX}/publishers/google/models/gemini-2.5-pro:streamGenerateContent`,
		"gemini-generate",
		"gemini-2.5-pro",
		true,
	],
	[`${VERTEX}/endpoints/123456:generateContent`, "gemini-generate", "123456", false],
	// Paths, as the SDKs have them above HTTP.
	["/chat/completions", "openai-chat"],
	["/completions", "openai-completions"],
	["/responses", "openai-responses"],
	["/embeddings", "openai-embeddings"],
	["/deployments/gpt-4o/chat/completions", "openai-chat"],
	["/v1/messages", "anthropic-messages"],
	["/v1/messages?beta=true", "anthropic-messages"],
	["models/gemini-2.5-flash:generateContent", "gemini-generate", "gemini-2.5-flash", false],
	["models/gemini-2.5-flash:streamGenerateContent?alt=sse", "gemini-generate", "gemini-2.5-flash", true],
	["publishers/google/models/gemini-2.5-flash:generateContent", "gemini-generate", "gemini-2.5-flash", false],
	["tunedModels/my-model:generateContent", "gemini-generate", "my-model", false],
];

/** What may cost money, and is not read. */
const UNMETERED: readonly (readonly [url: string, model?: string])[] = [
	[`${OPENAI}/images/generations`],
	[`${OPENAI}/images/edits`],
	[`${OPENAI}/audio/speech`],
	[`${OPENAI}/audio/transcriptions`],
	[`${OPENAI}/files`],
	[`${OPENAI}/batches`],
	[`${OPENAI}/fine_tuning/jobs`],
	[`${OPENAI}/videos`],
	[`${OPENAI}/threads/runs`],
	[`${OPENAI}/threads/thread_1/runs`],
	[`${OPENAI}/threads/thread_1/runs/run_1/submit_tool_outputs`],
	["https://gateway.example/threads/v1/messages/batches"],
	["https://gateway.example/assistants/videos"],
	[`${OPENAI}/conversations`],
	[`${OPENAI}/realtime/client_secrets`],
	[`${AZURE}/deployments/dall-e-3/images/generations?api-version=2024-10-21`, "dall-e-3"],
	[`${AZURE}/deployments/whisper/audio/transcriptions?api-version=2024-10-21`, "whisper"],
	["https://api.anthropic.com/v1/messages/batches"],
	["https://api.anthropic.com/v1/complete"],
	["https://api.anthropic.com/v1/sessions/s/events"],
	["https://api.perplexity.ai/async/chat/completions"],
	["https://api.mistral.ai/v1/ocr"],
	["https://api.mistral.ai/v1/conversations/c"],
	["https://api.cohere.com/v2/chat"],
	["https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-sonnet-4-20250514-v1%3A0/invoke"],
	[`${GEMINI}/models/gemini-2.5-flash:batchGenerateContent`, "gemini-2.5-flash"],
	[`${GEMINI}/models/gemini-embedding-001:asyncBatchEmbedContent`, "gemini-embedding-001"],
	[`${GEMINI}/models/imagen-4.0-generate-001:predict`, "imagen-4.0-generate-001"],
	[`${GEMINI}/models/veo-3.0-generate-001:predictLongRunning`, "veo-3.0-generate-001"],
	[`${GEMINI}/cachedContents`],
	[`${GEMINI}/interactions`],
	[`${VERTEX}/publishers/anthropic/models/claude-sonnet-4:predict`, "claude-sonnet-4"],
	[`${VERTEX}/publishers/mistralai/models/mistral-large:rawPredict`, "mistral-large"],
	[`${VERTEX}/batchPredictionJobs`],
	["/v1/messages/batches"],
	["https://example.com/newmessages"],
	["https://example.com/"],
	[""],
];

const FREE: readonly string[] = [
	`${OPENAI}/moderations`,
	`${OPENAI}/responses/input_tokens`,
	`${OPENAI}/responses/resp_1/cancel`,
	`${OPENAI}/responses/resp_1/cancel?beta=true`,
	`${OPENAI}/batches/batch_1/cancel`,
	`${OPENAI}/fine_tuning/jobs/ftjob_1/cancel`,
	`${OPENAI}/chat/completions/chatcmpl_1`,
	// The bookkeeping of the Assistants API, whose messages are not Anthropic's.
	`${OPENAI}/assistants`,
	`${OPENAI}/assistants/asst_1`,
	`${OPENAI}/threads`,
	`${OPENAI}/threads/thread_1`,
	`${OPENAI}/threads/thread_1/messages`,
	`${OPENAI}/threads/thread_1/messages/msg_1`,
	`${OPENAI}/threads/thread_1/runs/run_1`,
	`${OPENAI}/threads/thread_1/runs/run_1/cancel`,
	`${AZURE}/threads/thread_1/messages?api-version=2024-05-01-preview`,
	"/threads/thread_1/messages",
	"https://api.anthropic.com/v1/messages/count_tokens",
	"https://api.anthropic.com/v1/messages/count_tokens?beta=true",
	"https://api.anthropic.com/v1/messages/batches/msgbatch_1/cancel",
	"https://api.anthropic.com/v1/oauth/token",
	"https://oauth2.googleapis.com/token",
	"https://login.microsoftonline.com/tenant/oauth2/v2.0/token",
	`${GEMINI}/models/gemini-2.5-flash:countTokens`,
	`${GEMINI}/batches/b1:cancel`,
	`${VERTEX}/publishers/google/models/gemini-2.5-flash:computeTokens`,
	`${VERTEX}/publishers/google/models/veo-3.0-generate-001:fetchPredictOperation`,
	`${VERTEX}/publishers/anthropic/models/count-tokens:rawPredict`,
	"models/gemini-2.5-flash:countTokens",
];

describe("wireRequest", () => {
	const metered = METERED.map(([url, format, model, isStream]) => ({ url, format, model, isStream }));
	test.each(metered)("$url is $format", ({ format, isStream, model, url }) => {
		const operation = /embed/.test(format) ? "embeddings" : "chat";
		const expected = { format, operation, model, isStream };
		expect(wireRequest("POST", url)).toEqual(expected);
		// From memory.
		expect(wireRequest("post", url)).toEqual(expected);
		expect(wireRequest("GET", url).format).toBe("free");
	});

	const unmetered = UNMETERED.map(([url, model]) => ({ url, model }));
	test.each(unmetered)("$url costs, and is not read", ({ model, url }) => {
		expect(wireRequest("POST", url)).toMatchObject({ format: "unmetered", model, isStream: undefined });
	});

	test.each(FREE)("%s costs nothing", (url) => {
		expect(wireRequest("POST", url).format).toBe("free");
	});

	test.each(["GET", "DELETE", "HEAD", "OPTIONS"])("%s costs nothing", (method) => {
		expect(wireRequest(method, `${OPENAI}/responses/resp_1`).format).toBe("free");
		expect(wireRequest(method, `${OPENAI}/chat/completions`).format).toBe("free");
	});

	test("remembers by the path: a query may be another each time, and another key", () => {
		const one = wireRequest("POST", "https://a.example/v1/models/m:generateContent?key=1");
		expect(wireRequest("POST", "https://a.example/v1/models/m:generateContent?key=2")).toBe(one);
	});

	test("says the same after many others", () => {
		for (let index = 0; index < 1000; index += 1) wireRequest("POST", `https://a.example/${index}/messages`);
		expect(wireRequest("POST", "https://a.example/5/messages").format).toBe("anthropic-messages");
		const long = `https://a.example/${"x".repeat(5000)}/embeddings`;
		expect(wireRequest("POST", long)).toEqual(wireRequest("POST", long));
	});

	test("never throws", () => {
		const part = fc.oneof(
			fc.string(),
			fc.constantFrom("%", "%zz", ":", "/", "models/", ":generateContent", "/openai/deployments/"),
		);
		fc.assert(
			fc.property(fc.string(), fc.array(part), (method, parts) => {
				expect(wireRequest(method, parts.join(""))).toHaveProperty("format");
				expect(wireRequest("POST", parts.join(""))).toHaveProperty("format");
			}),
		);
	});
});
