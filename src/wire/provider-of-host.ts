import type { WireFormat } from "./wire-format.ts";

/** Hosts by the ends of their names, as the providers' references give them. */
const HOSTS: readonly (readonly [end: string, provider: string])[] = [
	["api.openai.com", "openai"],
	["openai.azure.com", "azure"],
	["openai.azure.us", "azure"],
	["services.ai.azure.com", "azure"],
	["cognitiveservices.azure.com", "azure"],
	["api.anthropic.com", "anthropic"],
	["generativelanguage.googleapis.com", "google"],
	["aiplatform.googleapis.com", "google"],
	["rep.googleapis.com", "google"],
	["api.x.ai", "xai"],
	["api.deepseek.com", "deepseek"],
	["api.groq.com", "groq"],
	["mistral.ai", "mistral"],
	["openrouter.ai", "openrouter"],
	["api.together.xyz", "together"],
	["api.together.ai", "together"],
	["api.fireworks.ai", "fireworks"],
	["api.perplexity.ai", "perplexity"],
	["api.cerebras.ai", "cerebras"],
	["api.moonshot.ai", "moonshotai"],
	["api.moonshot.cn", "moonshotai"],
	["api.cohere.com", "cohere"],
	["api.cohere.ai", "cohere"],
	["api.z.ai", "zai"],
	["api.minimax.io", "minimax"],
	["api.novita.ai", "novita"],
	["api.sambanova.ai", "sambanova"],
	["router.huggingface.co", "huggingface"],
	["integrate.api.nvidia.com", "nvidia"],
	["dashscope.aliyuncs.com", "alibaba"],
	["dashscope-intl.aliyuncs.com", "alibaba"],
];

/** Bedrock has a host in each region, and at Amazon's there is everything else, too. */
const BEDROCK = /(?:^|\.)bedrock[a-z-]*\.(?:[a-z\d-]+\.)+(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/;

/** The provider that a URL's host belongs to, if it is one that we know. Vertex names its region before a hyphen. */
export function providerOfHost(url: string): string | undefined {
	let host: string;
	try {
		host = new URL(url).hostname;
	} catch {
		return undefined;
	}
	const isOf = (end: string): boolean =>
		host === end ||
		host.endsWith(`.${end}`) ||
		(end === "aiplatform.googleapis.com" && host.endsWith(`-${end}`));
	return HOSTS.find(([end]) => isOf(end))?.[1] ?? (BEDROCK.test(host) ? "aws" : undefined);
}

/** Whose API a format is, for hosts that nobody knows: a proxy, a server on this machine. */
export function providerOfFormat(format: WireFormat | "unmetered" | "free"): string {
	if (format.startsWith("openai")) return "openai";
	if (format.startsWith("anthropic")) return "anthropic";
	return format.startsWith("gemini") ? "google" : "unknown";
}
