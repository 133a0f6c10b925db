/** exposition/: writes what the recorder holds in the formats that Prometheus reads. */
import type { Placement } from "../metrics/layout.ts";
import type { LabelSet } from "../metrics/scope-series.ts";
import { LINE, type Line, type LineFormat } from "./line-plan.ts";
import type { ConstantLabels } from "./source.ts";
import { inBraces, TextLabels, writeLabel } from "./text-labels.ts";

/** The content type of the Prometheus text format 0.0.4. */
export const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The Prometheus text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export class TextFormat implements LineFormat {
	readonly #labels: TextLabels;

	constructor(constantLabels: ConstantLabels) {
		this.#labels = new TextLabels(constantLabels);
	}

	header({ definition: { help, name, type } }: Placement): string {
		return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
	}

	lines(placement: Placement, labelSet: LabelSet): readonly Line[] {
		if (placement.histogram !== undefined) return this.#histogram(placement, labelSet);
		return valueLines(
			placement,
			(variant) => `${placement.definition.name}${inBraces(this.#labels.of(placement, labelSet, variant))} `,
		);
	}

	/** This format has no exemplars. */
	afterBucket(): string {
		return "";
	}

	#histogram(placement: Placement, labelSet: LabelSet): readonly Line[] {
		const { name } = placement.definition;
		const own = inBraces(this.#labels.of(placement, labelSet));
		return [
			...bucketLines(placement, (le) => {
				return `${name}_bucket{${this.#labels.of(placement, labelSet, writeLabel("le", le))}} `;
			}),
			{ start: `${name}_sum${own} `, kind: LINE.value, offset: placement.offset },
			{ start: `${name}_count${own} `, kind: LINE.count, offset: placement.offset },
		];
	}
}

/** A line for each variant of a counter or gauge; `startOf` takes the variant's own label, "" where there is none. */
export function valueLines(
	{ definition, offset, width }: Placement,
	startOf: (variant: string) => string,
): readonly Line[] {
	const { unit, variants } = definition;
	const kind = unit === "money" ? LINE.money : LINE.value;
	if (variants === undefined) return [{ start: startOf(""), kind, offset }];
	return variants.values.map((value, i) => ({
		start: startOf(writeLabel(variants.label, value)),
		kind,
		offset: offset + i * width,
	}));
}

/** A line for each bucket of a histogram, that of +Inf included. */
export function bucketLines(
	{ histogram }: Placement,
	startOf: (le: string) => string,
	writeBound: (bound: number) => string = String,
): readonly Line[] {
	if (histogram === undefined) return [];
	const { bounds, offset } = histogram;
	return Array.from({ length: bounds.length + 1 }, (_, i) => ({
		start: startOf(i === bounds.length ? "+Inf" : writeBound(bounds[i]!)),
		kind: i === 0 ? LINE.firstBucket : LINE.bucket,
		offset: offset + i,
	}));
}

function escapeHelp(text: string): string {
	return text.replace(/[\\\n]/g, (found) => (found === "\n" ? "\\n" : "\\\\"));
}
