/** What providers call the tier whose prices they list, and a region that costs no more. */
export const STANDARD_TIERS: ReadonlySet<string> = new Set([
	"auto",
	"default",
	"global",
	"not_available",
	"on_demand",
	"standard",
	"standard_only",
	"traffic_type_unspecified",
	"unspecified",
]);
