import { calcPrice } from "@pydantic/genai-prices";
import { oracleUsage } from "../../wire/oracle.ts";
import type { ApiName } from "./api-script.ts";
import { type ExpectedUsage, PROVIDER } from "./expected.ts";

/** What a stream's usage is in, in the form of a whole body; `undefined` where it has told none. */
export function lastTold(api: ApiName, events: readonly unknown[]): unknown {
	switch (api) {
		case "openai-chat":
			return events.findLast((event) => (field(event, "usage") ?? null) !== null);
		case "openai-responses": {
			const last = field(events.at(-1), "response");
			return field(last, "usage") === null ? undefined : last;
		}
		case "gemini":
			return events.at(-1);
		case "anthropic": {
			const message = field(events[0], "message");
			const delta = events.findLast((event) => field(event, "type") === "message_delta");
			const usage = Object.assign({}, field(message, "usage"), field(delta, "usage"));
			return { model: field(message, "model"), usage };
		}
	}
}

/** A field of what may be anything. */
export function field(value: unknown, name: string): unknown {
	return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** The usage that genai-prices finds in a body of that API. */
export function oracleUsageOf(api: ApiName, body: unknown): Record<string, number> {
	const flavors = { "openai-chat": "chat", "openai-responses": "responses" } as const;
	const plain: unknown = JSON.parse(JSON.stringify(body));
	return oracleUsage(PROVIDER[api], plain, api in flavors ? flavors[api as keyof typeof flavors] : undefined);
}

/** A usage that was worked out by hand, in the classes of genai-prices. */
export function inOracleClasses(api: ApiName, usage: ExpectedUsage): Record<string, number> {
	const classes = {
		input_tokens: usage.input,
		output_tokens: usage.output,
		cache_read_tokens: usage.cacheRead,
		cache_write_tokens: usage.cacheWrite,
		cache_write_5m_tokens: usage.cacheWrite5m,
		cache_write_1h_tokens: usage.cacheWrite1h,
		output_reasoning_tokens: usage.reasoning,
	};
	const told = Object.entries(classes).flatMap(([name, count]) =>
		count === undefined ? [] : [[name, count]],
	);
	return { ...Object.fromEntries(told), ...byModality(api, usage) };
}

/** Chat says that nothing was audio, Gemini that everything was text. */
function byModality(api: ApiName, { cacheRead, input }: ExpectedUsage): Record<string, number> {
	if (api === "openai-chat") return { input_audio_tokens: 0, output_audio_tokens: 0 };
	return api === "gemini" ? { input_text_tokens: input, cache_text_read_tokens: cacheRead } : {};
}

/** In dollars, by genai-prices. */
export function priceOf(api: ApiName, model: string, usage: ExpectedUsage): number | undefined {
	const tokens = inOracleClasses(api, usage);
	return calcPrice(tokens, model, { providerId: PROVIDER[api] })?.total_price;
}
