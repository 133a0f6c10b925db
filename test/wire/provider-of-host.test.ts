import { findProvider } from "@pydantic/genai-prices";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { providerOfFormat, providerOfHost } from "../../src/wire/provider-of-host.ts";

/** The base URLs that the providers' references give. */
const KNOWN: readonly (readonly [provider: string, url: string])[] = [
	["openai", "https://api.openai.com/v1/chat/completions"],
	[
		"azure",
		"https://my-resource.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
	],
	["azure", "https://my-resource.services.ai.azure.com/models/chat/completions"],
	["azure", "https://my-resource.cognitiveservices.azure.com/openai/v1/responses"],
	["anthropic", "https://api.anthropic.com/v1/messages"],
	[
		"google",
		"https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent?key=k",
	],
	[
		"google",
		"https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/m:generateContent",
	],
	["google", "https://us-central1-aiplatform.googleapis.com/v1/projects/p"],
	["google", "https://aiplatform.eu.rep.googleapis.com/v1/projects/p"],
	["deepseek", "https://api.deepseek.com/chat/completions"],
	["groq", "https://api.groq.com/openai/v1/chat/completions"],
	["mistral", "https://api.mistral.ai/v1/chat/completions"],
	["openrouter", "https://openrouter.ai/api/v1/chat/completions"],
	["together", "https://api.together.xyz/v1/chat/completions"],
	["fireworks", "https://api.fireworks.ai/inference/v1/chat/completions"],
	["perplexity", "https://api.perplexity.ai/chat/completions"],
	["cerebras", "https://api.cerebras.ai/v1/chat/completions"],
	["moonshotai", "https://api.moonshot.ai/v1/chat/completions"],
	["moonshotai", "https://api.moonshot.cn/v1/chat/completions"],
	["cohere", "https://api.cohere.com/v2/chat"],
	["cohere", "https://api.cohere.ai/compatibility/v1/chat/completions"],
	["zai", "https://api.z.ai/api/paas/v4/chat/completions"],
	["minimax", "https://api.minimax.io/v1/chat/completions"],
	["novita", "https://api.novita.ai/openai/v1/chat/completions"],
	["aws", "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke"],
];

/** Hosts that genai-prices does not know, or knows under another name. */
const OURS: readonly (readonly [provider: string, url: string])[] = [
	["openai", "https://eu.api.openai.com/v1/responses"],
	["azure", "https://gov.openai.azure.us/openai/v1/chat/completions"],
	["xai", "https://api.x.ai/v1/chat/completions"],
	["xai", "https://us-east-1.api.x.ai/v1/chat/completions"],
	["mistral", "https://codestral.mistral.ai/v1/fim/completions"],
	["together", "https://api.together.ai/v1/chat/completions"],
	["aws", "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/"],
	["aws", "https://vpce-0123.bedrock-runtime.us-east-1.vpce.amazonaws.com/"],
	["aws", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/"],
	["aws", "https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions"],
	["huggingface", "https://router.huggingface.co/v1/chat/completions"],
	["nvidia", "https://integrate.api.nvidia.com/v1/chat/completions"],
	["sambanova", "https://api.sambanova.ai/v1/chat/completions"],
	["alibaba", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"],
];

describe("providerOfHost", () => {
	test.each(KNOWN)("%s: %s, as genai-prices has it", (provider, url) => {
		expect(providerOfHost(url)).toBe(provider);
		expect(findProvider({ providerApiUrl: url })?.id).toBe(provider);
	});

	test.each(OURS)("%s: %s", (provider, url) => {
		expect(providerOfHost(url)).toBe(provider);
		expect(providerOfHost(url.toUpperCase())).toBe(provider);
	});

	test.each([
		"https://my-gateway.example/v1/chat/completions",
		"http://127.0.0.1:8080/v1/chat/completions",
		"https://my-app-123.us-east-1.elb.amazonaws.com/v1/chat/completions",
		"https://abc.execute-api.us-east-1.amazonaws.com/v1/chat/completions",
		"https://api.openai.com.evil.example/v1",
		"https://notapi.openai.com/v1",
		"https://evil.example/api.openai.com/v1",
		"https://api.openai.com@evil.example/v1",
		"/v1/chat/completions",
		"models/gemini-2.5-flash:generateContent",
		"",
	])("nobody that we know: %s", (url) => {
		expect(providerOfHost(url)).toBeUndefined();
	});

	test("never throws", () => {
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.webUrl()), (url) => {
				expect(["string", "undefined"]).toContain(typeof providerOfHost(url));
			}),
		);
	});
});

test("providerOfFormat says whose API it is", () => {
	expect(providerOfFormat("openai-chat")).toBe("openai");
	expect(providerOfFormat("openai-embeddings")).toBe("openai");
	expect(providerOfFormat("anthropic-messages")).toBe("anthropic");
	expect(providerOfFormat("gemini-embed")).toBe("google");
	expect(providerOfFormat("unmetered")).toBe("unknown");
});
