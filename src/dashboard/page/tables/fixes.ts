/** What is missing, and how to fix it, by the reason. */
const FIXES: Readonly<Record<string, string>> = {
	unknown_model:
		'The price book does not know this model. Check its spelling, or give its price: usePrices({ models: [{ provider, model, input, output }] }), in USD per million tokens; see "Your own prices" in docs/pricing.md.',
	unknown_rate:
		"The price book knows the model, but not the price of one kind of its tokens, or of its service tier. Give it with usePrices(prices), or update @hyperagent/observe for newer prices; see docs/pricing.md.",
	server_tool:
		"The provider bills a tool, such as web search, whose price is not known. Give it with usePrices(prices): webSearch, tools; see docs/pricing.md.",
	unmetered_api:
		"An API whose cost is not metered yet: images, audio, realtime, batches, files. Add what it cost with recordLlmCost(route, model, usd).",
	aborted:
		"The caller left before the provider had reported its usage. Read streams to their end where the numbers matter.",
	not_reported:
		"The provider reported no usage. Turn it on there (stream_options.include_usage on OpenAI-compatible servers), or add it with recordLlmTokens(route, model, input, output).",
	parse_error:
		"The provider's usage could not be read: update @hyperagent/observe, and report it where that does not help.",
};

/** How to fix what is missing for that reason. */
export function fixOf(reason: string): string {
	return FIXES[reason] ?? `The reason is "${reason}": see docs/metrics.md.`;
}
