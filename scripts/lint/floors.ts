import { dirname, join, relative, resolve, sep } from "node:path";
import type { Rule } from "./house.ts";

/** The rooms of src/, top floor first. A file imports from its own room or from a lower floor. */
const FLOORS: readonly (readonly string[])[] = [
	["cli"],
	["demo"],
	["gateway", "dashboard", "providers", "instrument", "testing"],
	["monitoring"],
	["exposition"],
	["wire", "metrics", "pricing", "ledger"],
	["core"],
];
const ORDER: string = `top to bottom: ${FLOORS.map((rooms) => rooms.join(" ")).join(" → ")}`;

/** Holds the floors of src/: imports only ever go down, and every file lives in a known room. */
export const floors: Rule = {
	create(context) {
		const src = join(context.cwd, "src");
		const check = (node: { source: { value?: unknown } | null }): void => {
			const specifier = node.source?.value;
			const message = typeof specifier === "string" && importProblem(src, context.filename, specifier);
			if (message) context.report({ message, node: node.source });
		};
		return {
			Program(node) {
				const message = roomProblem(src, context.filename);
				if (message !== undefined) context.report({ message, node });
			},
			ImportDeclaration: check,
			ExportNamedDeclaration: check,
			ExportAllDeclaration: check,
			ImportExpression: check,
			TSImportType: check,
		};
	},
};

function importProblem(src: string, file: string, specifier: string): string | undefined {
	const from = roomOf(src, file);
	if (from === undefined || !specifier.startsWith(".")) return undefined;
	const to = roomOf(src, resolve(dirname(file), specifier));
	if (from === to) return undefined;
	if (to === undefined) return `"${specifier}" leaves src/: code in src/ imports only from src/.`;
	const [fromFloor, toFloor] = [floorOf(from), floorOf(to)];
	if (toFloor > fromFloor) return undefined;
	if (toFloor === -1) return `src/${to} is no room of the house; ${ORDER}.`;
	const reason =
		toFloor === fromFloor ? "rooms of one floor do not import each other" : "it is a higher floor";
	return `${from} must not import ${to}: ${reason}; ${ORDER}.`;
}

function roomProblem(src: string, file: string): string | undefined {
	const room = roomOf(src, file);
	if (room === undefined || floorOf(room) !== -1) return undefined;
	return `src/${room} is no room of the house; ${ORDER}. A helper lives with its only user or in core.`;
}

function roomOf(src: string, file: string): string | undefined {
	const path = relative(src, file);
	return path.startsWith("..") ? undefined : path.split(sep)[0];
}

function floorOf(room: string): number {
	return FLOORS.findIndex((rooms) => rooms.includes(room));
}
