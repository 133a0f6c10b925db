import { ByteText } from "./byte-text.ts";
import { escapeOpenMetricsHelp, familyName, writeCanonical } from "./openmetrics-format.ts";
import type { FamilyRange, Rendered } from "./rendered.ts";
import type { ForeignFamily, ForeignSample } from "./source.ts";
import { inBraces, writeLabel } from "./text-labels.ts";

/** Writes the families of other registries in a text format; they are written anew each time. */
export function writeForeign(families: readonly ForeignFamily[], format: "text" | "openmetrics"): Rendered {
	const parts: Buffer[] = [];
	const ranges: FamilyRange[] = [];
	let start = 0;
	for (const family of families) {
		if (family.samples.length === 0) continue;
		const bytes = Buffer.from(format === "text" ? textFamily(family) : openMetricsFamily(family));
		ranges.push({ name: family.name, start, end: start + bytes.length });
		start += bytes.length;
		parts.push(bytes);
	}
	return { bytes: Buffer.concat(parts), families: ranges };
}

function textFamily({ help, name, samples, type }: ForeignFamily): string {
	const escaped = help.replace(/[\\\n]/g, (found) => (found === "\n" ? "\\n" : "\\\\"));
	const header = `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
	return header + samples.map((sample) => writeSample(sample.name, sample.labels, sample.value)).join("");
}

function openMetricsFamily({ help, name, samples, type }: ForeignFamily): string {
	const family = familyName(name, type);
	const header = `# HELP ${family} ${escapeOpenMetricsHelp(help)}\n# TYPE ${family} ${type === "untyped" ? "unknown" : type}\n`;
	return header + samples.map((sample) => openMetricsSample(sample, family, type)).join("");
}

/** A counter's samples must end in `_total`, and bounds must be written like floats. */
function openMetricsSample({ labels, name, value }: ForeignSample, family: string, type: string): string {
	const suffixed = type === "counter" && name === family ? `${name}_total` : name;
	const { le, quantile, ...rest } = labels;
	const bounded = {
		...rest,
		...(le === undefined
			? undefined
			: { le: Number.isFinite(Number(le)) ? writeCanonical(Number(le)) : "+Inf" }),
		...(quantile === undefined ? undefined : { quantile: writeCanonical(Number(quantile)) }),
	};
	return writeSample(suffixed, bounded, value);
}

function writeSample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
	const written = Object.entries(labels)
		.map(([label, text]) => writeLabel(label, text))
		.join(",");
	const number = new ByteText();
	number.number(value);
	const digits = Buffer.from(number.bytes.buffer, 0, number.length).toString("latin1");
	return `${name}${inBraces(written)} ${digits}\n`;
}
