import type { MetricsSnapshot } from "../../src/metrics/snapshot.ts";

/** Every line of a text exposition: its name and sorted labels, and its value. */
export type SeriesLines = ReadonlyMap<string, number>;

/** Reads the text format or OpenMetrics; a line that comes twice throws. */
export function parseLines(text: string): SeriesLines {
	const lines = new Map<string, number>();
	for (const line of text.split("\n")) {
		if (line === "" || line.startsWith("#")) continue;
		const [, name = "", labels = "", value = ""] = /^([^\s{]+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
		const parsed = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
			([, label = "", written = ""]) =>
				`${label}=${written.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))}`,
		);
		const key = `${name}{${parsed.toSorted().join(",")}}`;
		if (lines.has(key)) throw new Error(`twice: ${key}`);
		lines.set(key, value === "+Inf" ? Infinity : Number(value));
	}
	return lines;
}

/** The lines that a snapshot must come to. */
export function expectedLines(snapshot: MetricsSnapshot, constant: Record<string, string> = {}): SeriesLines {
	const lines = new Map<string, number>();
	const add = (name: string, labels: Record<string, string>, value: number): void => {
		const all = Object.entries({ ...constant, ...labels }).map(([label, text]) => `${label}=${text}`);
		lines.set(`${name}{${all.toSorted().join(",")}}`, value);
	};
	for (const [name, series] of Object.entries(snapshot)) {
		for (const { histogram, labels, value } of series) {
			if (histogram === undefined) {
				add(name, labels, value);
				continue;
			}
			let count = 0;
			for (const [i, more] of histogram.counts.entries()) {
				count += more;
				add(`${name}_bucket`, { ...labels, le: String(histogram.bounds[i] ?? "+Inf") }, count);
			}
			add(`${name}_sum`, labels, histogram.sum);
			add(`${name}_count`, labels, count);
		}
	}
	return lines;
}

/** The age of the prices is another at each look. */
export function withoutAge(lines: SeriesLines): SeriesLines {
	return new Map([...lines].filter(([key]) => !key.startsWith("hyperagent_price_book_age_seconds")));
}
