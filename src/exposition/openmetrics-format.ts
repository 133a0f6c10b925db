import type { ExemplarStore } from "../metrics/exemplar.ts";
import type { Placement } from "../metrics/layout.ts";
import type { LabelSet } from "../metrics/scope-series.ts";
import { LINE, type Line, type LineFormat } from "./line-plan.ts";
import type { ConstantLabels } from "./source.ts";
import { bucketLines, valueLines } from "./text-format.ts";
import { inBraces, TextLabels, writeLabel } from "./text-labels.ts";

/** The content type of OpenMetrics 1.0. */
export const OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** What every OpenMetrics text ends with. */
export const OPENMETRICS_END = "# EOF\n";

/** OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export class OpenMetricsFormat implements LineFormat {
	readonly #labels: TextLabels;
	readonly #exemplars: ExemplarStore;
	readonly #hasCreated: boolean;

	/** @param hasCreated whether series tell since when they count (`_created`); Prometheus 2 takes that for a series */
	constructor(constantLabels: ConstantLabels, exemplars: ExemplarStore, hasCreated: boolean) {
		this.#labels = new TextLabels(constantLabels);
		this.#exemplars = exemplars;
		this.#hasCreated = hasCreated;
	}

	header({ definition: { help, name, type } }: Placement): string {
		const family = familyName(name, type);
		return `# HELP ${family} ${escapeOpenMetricsHelp(help)}\n# TYPE ${family} ${type}\n`;
	}

	lines(placement: Placement, labelSet: LabelSet): readonly Line[] {
		const { name, type } = placement.definition;
		if (placement.histogram !== undefined) return this.#histogram(placement, labelSet);
		const labelsOf = (variant: string): string => inBraces(this.#labels.of(placement, labelSet, variant));
		if (type === "gauge" || !this.#hasCreated) {
			return valueLines(placement, (variant) => `${name}${labelsOf(variant)} `);
		}
		// Each series has its own right behind it.
		const created = valueLines(placement, (variant) =>
			this.#created(familyName(name, type), labelsOf(variant), labelSet),
		);
		return valueLines(placement, (variant) => `${name}${labelsOf(variant)} `).flatMap((line, i) => [
			line,
			{ start: created[i]?.start ?? "", kind: LINE.fixed, offset: line.offset },
		]);
	}

	/** An exemplar, by which one finds the trace of an observation in that bucket. */
	afterBucket(slot: number): string {
		const exemplar = this.#exemplars.get(slot);
		if (exemplar === undefined) return "";
		const { at, spanId, traceId, value } = exemplar;
		const span = spanId === undefined ? "" : `,${writeLabel("span_id", spanId)}`;
		return ` # {${writeLabel("trace_id", traceId)}${span}} ${value} ${at / 1000}`;
	}

	#histogram(placement: Placement, labelSet: LabelSet): readonly Line[] {
		const { definition, offset } = placement;
		const { name } = definition;
		const own = inBraces(this.#labels.of(placement, labelSet));
		const start = (le: string): string =>
			`${name}_bucket{${this.#labels.of(placement, labelSet, writeLabel("le", le))}} `;
		return [
			...bucketLines(placement, start, writeCanonical),
			{ start: `${name}_count${own} `, kind: LINE.count, offset },
			{ start: `${name}_sum${own} `, kind: LINE.value, offset },
			...(this.#hasCreated ? [{ start: this.#created(name, own, labelSet), kind: LINE.fixed, offset }] : []),
		];
	}

	#created(family: string, labels: string, { createdAt }: LabelSet): string {
		return `${family}_created${labels} ${createdAt / 1000}`;
	}
}

/** A counter's family has no suffix, its samples have. */
export function familyName(name: string, type: string): string {
	return type === "counter" ? name.replace(/_total$/, "") : name;
}

/**
 * A bound as OpenMetrics wants it in `le`, so that it is the same text everywhere: as Go writes a float, and never like
 * an integer. 600000 is "600000.0", 1000000 "1e+06".
 */
export function writeCanonical(bound: number): string {
	const [mantissa = "", power = "0"] = bound.toExponential().split("e");
	const exponent = Number(power);
	if (exponent < -4 || exponent >= 6) {
		const digits = String(Math.abs(exponent)).padStart(2, "0");
		return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
	}
	return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

/** Here a quote is escaped in help, too. */
export function escapeOpenMetricsHelp(text: string): string {
	return text.replace(/[\\\n"]/g, (found) => (found === "\n" ? "\\n" : `\\${found}`));
}
