import { HyperAgentError } from "../core/hyperagent-error.ts";

/**
 * What was typed as an option's value, as text: the parser makes a number of what looks like one.
 *
 * @throws HyperAgentError `BAD_OPTION` where it was typed twice, or without a value
 */
export function plainOption(
	name: string,
	options: Readonly<Record<string, unknown>>,
	args: readonly string[],
): string | undefined {
	const value = options[name];
	if (value === undefined) return undefined;
	const option = `--${name}`;
	const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
	// What nobody typed is the option's default.
	if (at === -1) return typeof value === "string" ? value : undefined;
	const typed = args[at]?.slice(option.length + 1) || args[at + 1];
	if (typed !== undefined && typed.trim() !== "" && !Array.isArray(value) && typeof value !== "boolean")
		return typed;
	throw new HyperAgentError("BAD_OPTION", `${option}: expected one value.`);
}
