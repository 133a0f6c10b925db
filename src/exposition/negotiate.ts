/** The formats that we write. */
export type Format = "text" | "openmetrics" | "protobuf";

/** A format by what a client accepts, and how we say that it is one. */
interface Offer {
	readonly format: Format;
	readonly mediaType: string;
	/** Parameters that a client may ask for; what it leaves out it does not mind. */
	readonly parameters: Readonly<Record<string, readonly string[]>>;
}

const OFFERS: readonly Offer[] = [
	{ format: "text", mediaType: "text/plain", parameters: { version: ["0.0.4"], charset: ["utf-8"] } },
	{
		format: "openmetrics",
		mediaType: "application/openmetrics-text",
		parameters: { version: ["1.0.0", "0.0.1"], charset: ["utf-8"] },
	},
	{
		format: "protobuf",
		mediaType: "application/vnd.google.protobuf",
		parameters: { proto: ["io.prometheus.client.MetricFamily"], encoding: ["delimited"] },
	},
];

/** Names with which Prometheus 3 says how it wants names with odd characters: ours have none. */
const IGNORED = new Set(["escaping", "validchars"]);

/**
 * The format that a scraper likes best by its `Accept` header (RFC 9110, 12.5.1): the highest weight, and of equal ones
 * the first. Who accepts nothing of ours, or says nothing, gets text.
 */
export function negotiate(accept: string | undefined): Format {
	let best: Format = "text";
	let weight = 0;
	for (const item of (accept ?? "").split(",")) {
		const [type = "", ...rest] = item.split(";").map((part) => part.trim());
		const parameters = new Map(rest.map(splitParameter));
		const q = weightOf(parameters.get("q"));
		// Who takes anything, or any text, is given text.
		const wanted = type === "*/*" || type === "text/*" ? "text/plain" : type.toLowerCase();
		const offer = OFFERS.find(({ mediaType }) => mediaType === wanted);
		if (offer === undefined || !(q > weight) || !fits(offer, parameters)) continue;
		best = offer.format;
		weight = q;
	}
	return best;
}

/** 1 where none is given; what is no weight accepts nothing. */
function weightOf(q: string | undefined): number {
	return q === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : 0;
}

function fits({ parameters: offered }: Offer, asked: ReadonlyMap<string, string>): boolean {
	for (const [name, value] of asked) {
		if (name === "q" || IGNORED.has(name)) continue;
		if (offered[name]?.includes(name === "charset" ? value.toLowerCase() : value) !== true) return false;
	}
	// A bare application/vnd.google.protobuf could be of anything.
	return offered["proto"] === undefined || asked.has("proto");
}

function splitParameter(part: string): readonly [string, string] {
	const [name = "", value = ""] = part.split("=").map((half) => half.trim());
	return [name.toLowerCase(), value.replace(/^"(.*)"$/, "$1")];
}
