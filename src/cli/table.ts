/** Rows to be shown below each other. */
export interface Table {
	readonly head: readonly string[];
	readonly body: readonly (readonly string[])[];
	readonly foot: readonly string[];
	/** How many columns, from the left, are text; the others are numbers and stand to the right. */
	readonly texts: number;
}

/** A table of plain text; decimals stand below each other by their point. */
export function formatTable({ body, foot, head, texts }: Table): string {
	const rows = [...body, foot];
	const fractions = head.map((_, i) => (i < texts ? 0 : Math.max(...rows.map((row) => fractionOf(row[i])))));
	const padded = rows.map((row) =>
		row.map((cell, i) => clean(cell) + " ".repeat((fractions[i] ?? 0) - (i < texts ? 0 : fractionOf(cell)))),
	);
	const widths = head.map((name, i) => Math.max(name.length, ...padded.map((row) => row[i]?.length ?? 0)));
	const line = (row: readonly string[]): string =>
		row
			.map((cell, i) => (i < texts ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
			.join("  ")
			.trimEnd();
	const rule = widths.map((width) => "─".repeat(width)).join("  ");
	return [line(head), rule, ...padded.slice(0, -1).map(line), rule, line(padded.at(-1) ?? []), ""].join("\n");
}

/** The length of what stands behind the point, with it. */
function fractionOf(cell: string | undefined): number {
	const at = cell?.indexOf(".") ?? -1;
	return at === -1 ? 0 : (cell?.length ?? 0) - at;
}

/** A name from a file must not move the terminal's cursor. */
function clean(text: string): string {
	return text.replaceAll(/\p{Cc}/gu, "\uFFFD");
}

/** By RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe in front. */
export function formatCsv(rows: readonly (readonly string[])[]): string {
	return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(text: string): string {
	const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
