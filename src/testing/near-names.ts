/** The names most like what was written, the nearest first: at most three, and none that is quite another word. */
export function nearNames(written: string, names: readonly string[]): readonly string[] {
	return names
		.map((name) => ({ name, distance: editDistance(written, name) }))
		.filter(({ distance, name }) => distance <= Math.max(2, name.length / 4))
		.toSorted((a, b) => a.distance - b.distance)
		.slice(0, 3)
		.map(({ name }) => name);
}

/** How many letters one must change, add or drop (Levenshtein). */
function editDistance(from: string, to: string): number {
	let row = Array.from({ length: to.length + 1 }, (_, i) => i);
	for (let i = 1; i <= from.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= to.length; j += 1) {
			const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
			next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
		}
		row = next;
	}
	return row[to.length]!;
}
