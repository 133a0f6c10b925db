import { installPrices } from "../pricing/installed-prices.ts";
import type { Prices } from "../pricing/prices.ts";
import { readPrices } from "../pricing/read-prices.ts";

/**
 * Prices calls by what you pay from now on, with or without `initPrometheus` (whose `prices` are the same). What was said
 * before no longer holds; `{}` is the list alone.
 *
 * @param prices an object, or the path of a JSON file that holds one
 * @throws HyperAgentError `BAD_OPTION` saying what was expected, and where
 * @example
 * ```ts
 * import { meteredFetch } from "@hyperagent/observe/instrument";
 * import { CostTracker, usePrices } from "@hyperagent/observe/monitoring";
 *
 * usePrices({ models: [{ provider: "openai", model: "gpt-4o*", input: 2, cacheRead: 1, output: 8 }] });
 * const costs = new CostTracker();
 * const answer = { choices: [], model: "gpt-4o", usage: { prompt_tokens: 1000, completion_tokens: 100 } };
 * const fetch = meteredFetch(async () => Response.json(answer), { route: "chat" });
 * const asked = await fetch("https://api.openai.com/v1/chat/completions", { method: "POST", body: '{"model":"gpt-4o"}' });
 * await asked.json();
 * console.log(costs.totals().costUsd); // 0.0028
 * ```
 */
export function usePrices(prices: Prices | string): void {
	installPrices(readPrices("usePrices()", prices));
}
