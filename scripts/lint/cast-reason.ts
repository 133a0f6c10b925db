import type { Rule, SyntaxNode } from "./house.ts";

/**
 * No cast without a reason: `x as T`, `<T>x` and `x!` want a comment on their line or right above their
 * statement. Free are `as const`, `[] as T[]`, and `array[i]!`, which only says that the index is in bounds.
 */
export const castReason: Rule = {
	create(context) {
		const check = (node: SyntaxNode): void => {
			if (isHarmless(node)) return;
			const { comments } = context.sourceCode.ast;
			const lines = [node.loc.start.line, node.loc.end.line, statementOf(node).loc.start.line - 1];
			if (comments.some((comment) => lines.includes(comment.loc.end.line))) return;
			context.report({
				message: "A cast wants its reason in a comment beside it, or above its statement.",
				node,
			});
		};
		return {
			TSAsExpression: check,
			TSTypeAssertion: check,
			TSNonNullAssertion: check,
			TSNonNullExpression: check,
		};
	},
};

function isHarmless(node: SyntaxNode): boolean {
	const { expression, typeAnnotation, type } = node;
	if (type === "TSNonNullExpression")
		return expression?.type === "MemberExpression" && expression.computed === true;
	if (typeAnnotation?.typeName?.name === "const") return true;
	return expression?.type === "ArrayExpression" && expression.elements?.length === 0;
}

/** The statement or class member around `node`: the thing that a comment stands above. */
function statementOf(node: SyntaxNode): SyntaxNode {
	let at = node;
	while (at.parent && !/(Statement|Declaration|Definition|Program)$/.test(at.type)) at = at.parent;
	return at;
}
