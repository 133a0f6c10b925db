import { ByteText } from "./byte-text.ts";
import { escapeOpenMetricsHelp, familyName, writeCanonical } from "./openmetrics-format.ts";
import type { FamilyRange, Rendered } from "./rendered.ts";
import type { ForeignFamily, ForeignSample } from "./source.ts";
import { inBraces, writeLabel } from "./text-labels.ts";

/** After how many samples the event loop may have its turn. */
const TURN_SAMPLES = 256;

/** Writes the families of other registries in a text format, in steps; they are written anew each time. */
export function* writeForeign(
	families: readonly ForeignFamily[],
	format: "text" | "openmetrics",
): Generator<undefined, Rendered, undefined> {
	const parts: Buffer[] = [];
	const ranges: FamilyRange[] = [];
	let start = 0;
	for (const family of families) {
		if (family.samples.length === 0) continue;
		const from = start;
		const lineOf = format === "text" ? textSample : openMetricsSample;
		let text = format === "text" ? textHeader(family) : openMetricsHeader(family);
		for (let at = 0; at < family.samples.length; at += TURN_SAMPLES) {
			for (const sample of family.samples.slice(at, at + TURN_SAMPLES)) text += lineOf(sample, family);
			const bytes = Buffer.from(text);
			text = "";
			parts.push(bytes);
			start += bytes.length;
			yield;
		}
		ranges.push({ name: family.name, start: from, end: start });
	}
	return { bytes: Buffer.concat(parts), families: ranges };
}

function textHeader({ help, name, type }: ForeignFamily): string {
	const escaped = help.replace(/[\\\n]/g, (found) => (found === "\n" ? "\\n" : "\\\\"));
	return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

function textSample({ labels, name, value }: ForeignSample): string {
	return writeSample(name, Object.entries(labels), value);
}

function openMetricsHeader({ help, name, type }: ForeignFamily): string {
	const family = familyName(name, type);
	return `# HELP ${family} ${escapeOpenMetricsHelp(help)}\n# TYPE ${family} ${type === "untyped" ? "unknown" : type}\n`;
}

/** A counter's samples must end in `_total`, and the bounds of histograms and summaries be written like floats. */
function openMetricsSample({ labels, name, value }: ForeignSample, family: ForeignFamily): string {
	const { type } = family;
	const isBare = type === "counter" && name === familyName(family.name, type);
	// Of any other type these are labels like others.
	const bound = type === "histogram" ? "le" : type === "summary" ? "quantile" : undefined;
	const written = Object.entries(labels).map(([label, text]): [string, string] => {
		return label === bound && Number.isFinite(Number(text))
			? [label, writeCanonical(Number(text))]
			: [label, text];
	});
	return writeSample(isBare ? `${name}_total` : name, written, value);
}

const NUMBER: ByteText = new ByteText();

function writeSample(name: string, labels: readonly (readonly [string, string])[], value: number): string {
	const written = labels.map(([label, text]) => writeLabel(label, text)).join(",");
	NUMBER.clear();
	NUMBER.number(value);
	const digits = Buffer.from(NUMBER.bytes.buffer, 0, NUMBER.length).toString("latin1");
	return `${name}${inBraces(written)} ${digits}\n`;
}
