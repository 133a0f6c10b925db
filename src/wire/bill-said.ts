import { STANDARD_TIERS } from "../core/service-tiers.ts";
import { isRecord } from "./is-record.ts";

/** What an answer says of its price, beside the tokens. */
export interface BillSaid {
	/** The tier in which it was made, in the provider's word, where that is not the standard one; "fast+us" is two. */
	readonly serviceTier?: string | undefined;
	/** USD, above 0. */
	readonly reportedCostUsd?: number | undefined;
}

/** Of an answer that says nothing. */
export const NO_BILL: BillSaid = {};

/** xAI's `cost_in_usd_ticks`. https://docs.x.ai/developers/cost-tracking */
const TICKS_IN_USD = 1e10;
/** No call costs more dollars than can be counted one by one. */
const MOST = Number.MAX_SAFE_INTEGER;

/**
 * Reads the tier and the cost. The tier stands at OpenAI beside the usage (`service_tier`), at Anthropic in it
 * (`service_tier`, and `speed` and `inference_geo`, which multiply as well), at Google in it (`serviceTier`; Vertex:
 * `trafficType`).
 *
 * @param usage the usage object
 * @param answer the object that it stands in
 */
export function billSaid(usage: unknown, answer?: unknown): BillSaid {
	if (!isRecord(usage)) return NO_BILL;
	const tier = usage["service_tier"] ?? (isRecord(answer) ? answer["service_tier"] : undefined);
	const speed = usage["speed"];
	const geo = usage["inference_geo"];
	const googles = usage["serviceTier"] ?? usage["trafficType"];
	const serviceTier = withTier(withTier(withTier(withTier("", tier), speed), geo), googles);
	const reportedCostUsd = reportedCost(usage);
	if (serviceTier === "") return reportedCostUsd === undefined ? NO_BILL : { reportedCostUsd };
	return reportedCostUsd === undefined ? { serviceTier } : { serviceTier, reportedCostUsd };
}

/** What is no word of a few letters is no tier. */
function withTier(tiers: string, word: unknown): string {
	if (typeof word !== "string" || !/^\w[\w-]{0,31}$/.test(word)) return tiers;
	const tier = word.toLowerCase();
	if (STANDARD_TIERS.has(tier)) return tiers;
	return tiers === "" ? tier : `${tiers}+${tier}`;
}

/**
 * OpenRouter's `cost` is what it takes from the account, in USD; with the user's own key at the provider (`is_byok`) that
 * is its fee, and the provider bills `upstream_inference_cost` beside it, a number that may otherwise repeat `cost`.
 * https://openrouter.ai/docs/cookbook/administration/usage-accounting
 * Perplexity's `cost` is an object with a `total_cost`.
 */
function reportedCost(usage: Readonly<Record<string, unknown>>): number | undefined {
	const { cost, cost_details: details, cost_in_usd_ticks: ticks, is_byok: isOwnKey } = usage;
	if (isPositive(ticks)) return ticks / TICKS_IN_USD;
	if (isRecord(cost)) return isPositive(cost["total_cost"]) ? cost["total_cost"] : undefined;
	const upstream = isRecord(details) ? details["upstream_inference_cost"] : undefined;
	if (isOwnKey === true || (cost === 0 && isOwnKey !== false)) {
		// The fee alone is not the bill.
		return isPositive(upstream) ? upstream + (isPositive(cost) ? cost : 0) : undefined;
	}
	return isPositive(cost) ? cost : undefined;
}

function isPositive(value: unknown): value is number {
	return typeof value === "number" && value > 0 && value <= MOST;
}
