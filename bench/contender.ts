/** Who is measured, in the order of the table. `baseline` does nothing: it is the price of the measuring itself. */
export const CONTENDERS = ["ours", "prom-client", "prometheus-io", "opentelemetry", "baseline"] as const;

/** One of {@link CONTENDERS}. */
export type ContenderName = (typeof CONTENDERS)[number];

/** What of the recording is measured. */
export const OPERATIONS = [
	"counter-labels",
	"counter-bound",
	"gauge-labels",
	"gauge-bound",
	"histogram-labels",
	"histogram-bound",
	"request",
	"request-decoded",
	"request-native",
] as const;

/** One of {@link OPERATIONS}. */
export type OperationName = (typeof OPERATIONS)[number];

/** What a scrape can ask for. */
export type Format = "text" | "openmetrics" | "protobuf";

/** A (route, model) pair: the labels of nearly every series. */
export interface Pair {
	readonly route: string;
	readonly model: string;
}

/** One registry of a client that holds the families of `families.ts`. */
export interface Contender {
	/** One iteration of that name, ready to run; undefined where the client has no such thing. */
	operation(name: OperationName): (() => void) | undefined;
	/** Reads what the iteration of that index is given, beyond the request itself, so that it is in the caches. */
	touch?(index: number): void;
	/** Makes every series of the pairs exist, at 0 where the client can. */
	fill(pairs: readonly Pair[]): void;
	/** Changes the value of every series of the pair. */
	change(pair: Pair): void;
	/** The whole exposition; undefined where the client does not speak that format. */
	scrape(format: Format): Promise<string | Uint8Array> | undefined;
}

/** Makes a contender with a registry of its own. */
export type CreateContender = () => Contender;

/** Loads one contender and no other, so that the process holds one client's code. */
export async function loadContender(name: ContenderName): Promise<CreateContender> {
	switch (name) {
		case "ours":
			return (await import("./ours.ts")).createOurs;
		case "prom-client": {
			const { createPromClient } = await import("./prom-client.ts");
			const client = await import("prom-client");
			return () => createPromClient(client.default);
		}
		case "prometheus-io": {
			const { createPromClient } = await import("./prom-client.ts");
			const client = await import("@prometheus-io/client");
			return () => createPromClient(client.default);
		}
		case "opentelemetry":
			return (await import("./opentelemetry.ts")).createOpenTelemetry;
		case "baseline":
			return (await import("./baseline.ts")).createBaseline;
	}
}
