import type { Families } from "./families.ts";
import type { ActiveStats, DashboardStats, ReasonCount, TokenStats } from "./stats.ts";

/** Tokens since the start, the most used model first. */
export function collectTokens(families: Families): TokenStats {
	const inputs = families.sumByModel("llm_tokens_input_total");
	const outputs = families.sumByModel("llm_tokens_output_total");
	const byModel = [...inputs].map(([model, input]) => {
		const output = outputs.get(model) ?? 0;
		return { model, input, output, total: input + output };
	});
	const input = families.sum("llm_tokens_input_total");
	const output = families.sum("llm_tokens_output_total");
	return {
		input,
		output,
		total: input + output,
		cacheRead: families.sum("llm_tokens_cache_read_total"),
		byModel: byModel.filter(({ total }) => total > 0).toSorted((a, b) => b.total - a.total),
	};
}

/** Calls under way, the busiest model first. */
export function collectActive(families: Families): ActiveStats {
	const byModel = [...families.sumByModel("llm_active_requests")]
		.map(([model, count]) => ({ model, count }))
		.filter(({ count }) => count > 0);
	return {
		total: families.sum("llm_active_requests"),
		byModel: byModel.toSorted((a, b) => b.count - a.count),
	};
}

/** Calls that ended, by outcome. */
export function collectRequests(families: Families): DashboardStats["requests"] {
	const { abandoned = 0, aborted = 0, error = 0, success = 0 } = families.sumByVariant("llm_requests_total");
	return { success, error, aborted, abandoned };
}

/** Where a provider refused for its rate limit, the most often first. */
export function collectRateLimits(families: Families): DashboardStats["rateLimits"] {
	return families
		.series("llm_rate_limited_total")
		.filter(({ value }) => value > 0)
		.map(({ labels: { provider = "", model = "" }, value }) => ({ provider, model, count: value }))
		.toSorted((a, b) => b.count - a.count);
}

/** What is left of rate limits, by provider, model and resource. */
export function collectRemaining(families: Families): DashboardStats["remaining"] {
	return families
		.series("llm_ratelimit_remaining")
		.map(({ labels: { provider = "", model = "", resource = "" }, value }) => ({
			provider,
			model,
			resource,
			value,
		}))
		.toSorted(
			(a, b) =>
				compare(a.provider, b.provider) || compare(a.model, b.model) || compare(a.resource, b.resource),
		);
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** The series of a family by (route, model, reason), the most frequent first. */
export function collectReasons(families: Families, name: string): readonly ReasonCount[] {
	return families
		.series(name)
		.filter(({ value }) => value > 0)
		.map(({ labels: { route = "", model = "", reason = "" }, value }) => ({
			route,
			model,
			reason,
			count: value,
		}))
		.toSorted((a, b) => b.count - a.count);
}
