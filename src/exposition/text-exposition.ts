/** exposition/: writes what the recorder holds in the formats that Prometheus reads. */
import { formatCents } from "../core/money.ts";
import { CATALOG, type MetricDefinition, SCOPE_LABELS } from "../metrics/catalog.ts";
import type { Placement } from "../metrics/layout.ts";
import type { LabelSet, Recorder } from "../metrics/recorder.ts";

/** The content type of the Prometheus text format 0.0.4. */
export const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels that every series carries, by name. */
export type ConstantLabels = Readonly<Record<string, string>>;

/**
 * Writes the Prometheus text format 0.0.4. Everything is read in one go, so that all lines of an answer are of one
 * instant.
 */
export class TextExposition {
	readonly #recorder: Recorder;
	readonly #constant: string;
	/** The written labels of each label set; a label set never changes. */
	readonly #labels = new WeakMap<LabelSet, string>();

	constructor(recorder: Recorder, constantLabels: ConstantLabels = {}) {
		this.#recorder = recorder;
		this.#constant = Object.entries(constantLabels)
			.map(([name, value]) => writeLabel(name, value))
			.join(",");
	}

	/** The whole of `/metrics`. */
	render(): string {
		const { series, store } = this.#recorder;
		const { slots } = store;
		let text = "";
		for (const definition of CATALOG) {
			const { layout, labelSets } = series[definition.scope];
			const placement = layout.placements.find((one) => one.definition === definition);
			if (placement === undefined) continue;
			let lines = "";
			for (const labelSet of labelSets) {
				lines += writeSeries(placement, slots, labelSet.base, this.#labelsOf(labelSet, definition));
			}
			if (lines === "") continue;
			text += `# HELP ${definition.name} ${escapeHelp(definition.help)}\n# TYPE ${definition.name} ${definition.type}\n${lines}`;
		}
		return text;
	}

	#labelsOf(labelSet: LabelSet, definition: MetricDefinition): string {
		let written = this.#labels.get(labelSet);
		if (written === undefined) {
			const own = SCOPE_LABELS[definition.scope].map((name, i) => writeLabel(name, labelSet.values[i] ?? ""));
			written = [this.#constant, ...own].filter((label) => label !== "").join(",");
			this.#labels.set(labelSet, written);
		}
		return written;
	}
}

/** All lines of one family for one label set. */
function writeSeries(placement: Placement, slots: Float64Array, base: number, labels: string): string {
	const { definition, offset, width } = placement;
	const first = base + offset;
	if (definition.type === "histogram") return writeHistogram(placement, slots, first, labels);
	const { variants } = definition;
	if (variants === undefined) return writeValue(definition, slots, first, labels);
	let lines = "";
	for (const [i, variant] of variants.values.entries()) {
		const own = writeLabel(variants.label, variant);
		lines += writeValue(definition, slots, first + i * width, labels === "" ? own : `${labels},${own}`);
	}
	return lines;
}

function writeValue(definition: MetricDefinition, slots: Float64Array, at: number, labels: string): string {
	const number = slots[at] ?? 0;
	// NaN marks a series that has no value yet.
	if (Number.isNaN(number)) return "";
	const written = definition.unit === "money" ? formatCents(number, slots[at + 1] ?? 0) : String(number);
	return writeLine(definition.name, labels, written);
}

function writeHistogram(placement: Placement, slots: Float64Array, first: number, labels: string): string {
	const { bounds, definition } = placement;
	const comma = labels === "" ? "" : ",";
	let lines = "";
	let count = 0;
	for (let i = 0; i <= bounds.length; i += 1) {
		count += slots[first + 1 + i] ?? 0;
		const le = i === bounds.length ? "+Inf" : String(bounds[i]);
		lines += `${definition.name}_bucket{${labels}${comma}le="${le}"} ${count}\n`;
	}
	lines += writeLine(`${definition.name}_sum`, labels, String(slots[first] ?? 0));
	lines += writeLine(`${definition.name}_count`, labels, String(count));
	return lines;
}

function writeLine(name: string, labels: string, written: string): string {
	return labels === "" ? `${name} ${written}\n` : `${name}{${labels}} ${written}\n`;
}

function writeLabel(name: string, text: string): string {
	return `${name}="${escapeLabel(text)}"`;
}

/** The format escapes backslash, newline and quote in label values, and nothing else. */
function escapeLabel(text: string): string {
	return text.replace(/[\\\n"]/g, (found) => (found === "\n" ? "\\n" : `\\${found}`));
}

function escapeHelp(text: string): string {
	return text.replace(/[\\\n]/g, (found) => (found === "\n" ? "\\n" : "\\\\"));
}
