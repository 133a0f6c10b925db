import type { DatabaseSync } from "node:sqlite";

/** Reads names by their numbers, each once; "" where there is none. */
export function nameLookup(db: DatabaseSync): (id: unknown) => string {
	const find = db.prepare("SELECT name FROM names WHERE id = ?");
	const known = new Map<number, string>();
	return (id) => {
		if (typeof id !== "number") return "";
		let name = known.get(id);
		if (name === undefined) {
			name = String(find.get(id)?.["name"] ?? "");
			known.set(id, name);
		}
		return name;
	};
}
