import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A sample as Python's `prometheus_client` has read it. */
export interface ParsedSample {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
	readonly exemplar: { readonly labels: Readonly<Record<string, string>>; readonly value: number } | null;
}

/** What it has read. */
export interface Parsed {
	readonly families: readonly { readonly name: string; readonly type: string; readonly help: string }[];
	readonly samples: readonly ParsedSample[];
}

/**
 * Reads an exposition by Debian's python3-prometheus-client.
 *
 * @throws Error with what the parser says; naming `npm run setup` where it is missing
 */
export async function parseByPython(
	format: "text" | "openmetrics",
	exposition: Uint8Array | string,
): Promise<Parsed> {
	// Debian's own Python: another one that comes first in PATH does not see Debian's packages.
	const child = spawn("/usr/bin/python3", [join(import.meta.dirname, "parse_exposition.py"), format]);
	let output = "";
	let complaints = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
	child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
	child.stdin.on("error", () => undefined).end(exposition);
	const [code] = await once(child, "close");
	if (code !== 0) {
		const cure = complaints.includes("No module named") ? " Run `npm run setup`." : "";
		throw new Error(`prometheus_client does not read this as ${format}.${cure}\n${complaints}`);
	}
	// Python's repr of a float says "inf" and "nan", which JSON has no words for.
	const numbers: Readonly<Record<string, number>> = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN };
	const { families, samples } = JSON.parse(output) as Omit<Parsed, "samples"> & {
		samples: readonly (Omit<ParsedSample, "value"> & { readonly value: string })[];
	};
	return {
		families,
		samples: samples.map((sample) => ({ ...sample, value: numbers[sample.value] ?? Number(sample.value) })),
	};
}
