import { SCOPE_LABELS } from "../metrics/catalog.ts";
import type { Placement } from "../metrics/layout.ts";
import type { LabelSet } from "../metrics/scope-series.ts";
import type { ConstantLabels } from "./source.ts";

/** Writes labels as both text formats do, and remembers those of each label set, which never change. */
export class TextLabels {
	readonly #constant: string;
	readonly #written = new WeakMap<LabelSet, string>();

	constructor(constantLabels: ConstantLabels) {
		this.#constant = Object.entries(constantLabels)
			.map(([name, value]) => writeLabel(name, value))
			.join(",");
	}

	/** Without braces: `service="api",route="chat",model="m"`, and behind them `more`. */
	of({ definition }: Placement, labelSet: LabelSet, more = ""): string {
		let written = this.#written.get(labelSet);
		if (written === undefined) {
			const own = SCOPE_LABELS[definition.scope].map((name, i) => writeLabel(name, labelSet.values[i] ?? ""));
			written = [this.#constant, ...own].filter((label) => label !== "").join(",");
			this.#written.set(labelSet, written);
		}
		if (more === "") return written;
		return written === "" ? more : `${written},${more}`;
	}
}

/** `name="value"`; backslash, newline and quote are escaped, and nothing else. */
export function writeLabel(name: string, value: string): string {
	const escaped = value.replace(/[\\\n"]/g, (found) => (found === "\n" ? "\\n" : `\\${found}`));
	return `${name}="${escaped}"`;
}

/** `{…}`, or nothing where there is no label. */
export function inBraces(labels: string): string {
	return labels === "" ? "" : `{${labels}}`;
}
