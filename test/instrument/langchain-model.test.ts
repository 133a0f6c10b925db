import { AzureChatOpenAI, ChatOpenAI } from "@langchain/openai";
import { expect, test } from "vitest";
import { instrumentChatModel } from "../../src/instrument/langchain.ts";
import { providerOf } from "../../src/instrument/langchain-model.ts";
import { installTestRecorder } from "../../src/testing/index.ts";

const at = (baseURL?: string): ChatOpenAI => new ChatOpenAI({ apiKey: "k", configuration: { baseURL } });
const azure = {
	azureOpenAIApiKey: "k",
	azureOpenAIApiInstanceName: "acme",
	azureOpenAIApiDeploymentName: "d",
	azureOpenAIApiVersion: "2024-10-21",
};

test.each<[string, object, string]>([
	["OpenAI", at(), "openai"],
	["xAI behind OpenAI's class", at("https://api.x.ai/v1"), "xai"],
	["OpenRouter behind it", at("https://openrouter.ai/api/v1"), "openrouter"],
	["a server that nobody knows", at("http://localhost:8000/v1"), "openai"],
	["what is no URL", at("localhost"), "openai"],
	["Azure", new AzureChatOpenAI(azure), "azure"],
	// As ChatAnthropic has it.
	["Azure behind Anthropic's class", { apiUrl: "https://acme.services.ai.azure.com/anthropic" }, "azure"],
	[
		"a URL among the client's options",
		{ clientOptions: { baseURL: "https://api.anthropic.com" } },
		"anthropic",
	],
	["nothing that says it", {}, "unknown"],
])("the provider of a model: %s", (_what, model, provider) => {
	expect(providerOf(model)).toBe(provider);
});

test("a model at another host is priced as that host's", async () => {
	const recorder = installTestRecorder();
	const usage = { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 };
	const fetch = async (): Promise<Response> =>
		Response.json({
			object: "chat.completion",
			model: "grok-3-mini",
			choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
			usage,
		});
	const bare = new ChatOpenAI({
		apiKey: "k",
		model: "grok-3-mini",
		configuration: { baseURL: "https://api.x.ai/v1", fetch },
	});
	await instrumentChatModel(bare, { route: "chat" }).invoke("hi");
	// $0.30 and $0.50 a million.
	expect(recorder.calls).toMatchObject([{ provider: "xai", costUsd: 0.0008, attempts: 1 }]);
	expect(recorder.counter("llm_attempts_total", { provider: "xai" })).toBe(1);
	recorder.restore();
});
