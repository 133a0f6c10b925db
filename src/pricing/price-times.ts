import type { ConditionalPrice, ModelPrice } from "@pydantic/genai-prices";

/** The times between which prices stay as they are, in milliseconds since the epoch; the second is excluded. */
export interface PriceTimes {
	readonly from: number;
	readonly until: number;
}

const DAY = 86_400_000;

/**
 * How long the prices of a model hold around a time: genai-prices has models whose price changes at a date, and some
 * (DeepSeek) whose price changes twice a day, at times of day in UTC.
 */
export function priceTimes(prices: ModelPrice | readonly ConditionalPrice[], at: number): PriceTimes {
	let from = Number.NEGATIVE_INFINITY;
	let until = Number.POSITIVE_INFINITY;
	if (!Array.isArray(prices)) return { from, until };
	for (const change of prices.flatMap(({ constraint }: ConditionalPrice) => changesAround(constraint, at))) {
		if (change <= at) from = Math.max(from, change);
		else until = Math.min(until, change);
	}
	return { from, until };
}

function changesAround(constraint: ConditionalPrice["constraint"], at: number): readonly number[] {
	if (constraint === undefined) return [];
	if (constraint.type === "start_date") return [Date.parse(constraint.start_date)];
	const midnight = Math.floor(at / DAY) * DAY;
	return [constraint.start_time, constraint.end_time].flatMap((time) => {
		// "16:30:00Z" of a day; an offset can move it into the neighbouring one.
		const inDay = Date.parse(`1970-01-01T${time}`);
		return [-2, -1, 0, 1, 2].map((days) => midnight + days * DAY + inDay);
	});
}
