/**
 * Every name that a family takes: those of its lines in any format, and its own. Two families may not share one, or a
 * scrape has a series twice.
 *
 * @param name with or without `_total`, where it is a counter
 */
export function seriesNames(name: string, type: string): readonly string[] {
	switch (type) {
		case "counter": {
			// OpenMetrics names the family without `_total` and its lines with it.
			const base = name.replace(/_total$/, "");
			return [base, `${base}_total`, `${base}_created`];
		}
		case "histogram":
			return [name, ...["_bucket", "_sum", "_count", "_created"].map((suffix) => name + suffix)];
		case "summary":
			return [name, ...["_sum", "_count", "_created"].map((suffix) => name + suffix)];
		default:
			return [name];
	}
}
