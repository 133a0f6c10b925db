/**
 * Whether an `Accept-Encoding` header asks for gzip (RFC 9110, 12.5.3): by name, by its old name x-gzip or by `*`,
 * with a weight that is neither 0 nor below that of an explicit `identity`.
 */
export function acceptsGzip(header: string | undefined): boolean {
	const weights = new Map<string, number>();
	for (const item of (header ?? "").split(",")) {
		const [coding = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
		if (coding !== "") weights.set(coding, weightOf(parameters));
	}
	const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0;
	return gzip > 0 && gzip >= (weights.get("identity") ?? 0);
}

/** 1 where none is given; what is no weight accepts nothing. */
function weightOf(parameters: readonly string[]): number {
	const weight = parameters.find((parameter) => parameter.startsWith("q="));
	if (weight === undefined) return 1;
	return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight.slice(2)) : 0;
}
