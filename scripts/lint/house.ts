/** scripts/lint/: the rules of this house that oxlint does not bring, as an oxlint plugin. */
import { castReason } from "./cast-reason.ts";
import { floors } from "./floors.ts";

/** The parts of an ESTree node that our rules read. */
export interface SyntaxNode {
	readonly type: string;
	readonly loc: Location;
	readonly parent?: SyntaxNode | null;
	readonly source: { readonly value?: unknown } | null;
	readonly expression?: SyntaxNode;
	readonly typeAnnotation?: { readonly typeName?: { readonly name?: string } };
	readonly elements?: readonly unknown[];
	readonly computed?: boolean;
}

/** Where a node or a comment stands; lines count from 1. */
export interface Location {
	readonly start: { readonly line: number };
	readonly end: { readonly line: number };
}

/** The parts of oxlint's rule context that our rules use. */
export interface RuleContext {
	readonly cwd: string;
	readonly filename: string;
	readonly sourceCode: { readonly ast: { readonly comments: readonly { readonly loc: Location }[] } };
	report(problem: { readonly message: string; readonly node: unknown }): void;
}

/** A lint rule: for each type of node, what to do there. */
export interface Rule {
	create(context: RuleContext): Record<string, (node: SyntaxNode) => void>;
}

const plugin: { meta: { name: string }; rules: Record<string, Rule> } = {
	meta: { name: "house" },
	rules: { floors, "cast-reason": castReason },
};
export default plugin;
