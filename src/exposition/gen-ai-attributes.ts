import type { MetricDefinition } from "../metrics/catalog.ts";
import type { PairOrigin } from "../metrics/scope-series.ts";

/**
 * The well-known values of `gen_ai.provider.name`, by provider labels that people use; the conventions demand them where
 * one applies. The other well-known ones are spelt as everybody spells them.
 * https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md
 */
const WELL_KNOWN: ReadonlyMap<string, string> = new Map([
	["aws", "aws.bedrock"],
	["aws-bedrock", "aws.bedrock"],
	["azure", "azure.ai.openai"],
	["azure-openai", "azure.ai.openai"],
	["bedrock", "aws.bedrock"],
	["gemini", "gcp.gemini"],
	["google", "gcp.gen_ai"],
	["mistral", "mistral_ai"],
	["mistralai", "mistral_ai"],
	["moonshot", "moonshot_ai"],
	["moonshotai", "moonshot_ai"],
	["vertex", "gcp.vertex_ai"],
	["vertexai", "gcp.vertex_ai"],
	["watsonx", "ibm.watsonx.ai"],
	["x-ai", "x_ai"],
	["xai", "x_ai"],
]);

/** A label set of the bound's `other` holds the calls of many: whose they are cannot be said. */
const OTHER = "other";

/**
 * The attributes that the GenAI conventions want of a pair. The route is ours, under our own name, since two routes to
 * one model are two series. Provider and operation are known of pairs that a call has used.
 */
export function genAiAttributes(
	{ type }: MetricDefinition,
	{ model = OTHER, route = OTHER }: Readonly<Record<string, string>>,
	origin: PairOrigin | undefined,
): Record<string, string> {
	const attributes: Record<string, string> = {};
	if (origin !== undefined && model !== OTHER && route !== OTHER) {
		attributes["gen_ai.operation.name"] = origin.operation;
		attributes["gen_ai.provider.name"] = WELL_KNOWN.get(origin.provider.toLowerCase()) ?? origin.provider;
	}
	attributes["gen_ai.request.model"] = model;
	// We do not keep text, image and audio tokens apart; "unknown" is the word for that.
	if (type === "counter") attributes["gen_ai.token.modality"] = "unknown";
	attributes["hyperagent.route"] = route;
	return attributes;
}
