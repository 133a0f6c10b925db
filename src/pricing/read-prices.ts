import { readFileSync } from "node:fs";
import { badOption } from "../core/bad-option.ts";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { checkPrices } from "./check-prices.ts";
import type { Prices } from "./prices.ts";

/**
 * The user's prices, checked: a copy, so that what happens to the caller's object changes nothing.
 *
 * @param who the function, or the option of a command, that was given them
 * @param prices an object, or the path of a JSON file that holds one
 * @throws HyperAgentError `BAD_OPTION` saying what was expected, and where
 */
export function readPrices(who: string, prices: unknown): Prices {
	if (typeof prices === "string") {
		const read = parseFile(who, prices);
		const where = (path: string): string =>
			path === "" ? `the top of ${prices}` : `\`${path}\` in ${prices}`;
		checkPrices(read, { who, where });
		return read;
	}
	const origin = { who, where: (path: string) => `\`prices${path === "" ? "" : dotted(path)}\`` };
	checkPrices(prices, origin);
	const copy = copyOf(who, prices);
	// It has only what the object itself has, and nothing of its class.
	checkPrices(copy, origin);
	return copy;
}

function copyOf(who: string, prices: unknown): unknown {
	try {
		return structuredClone(prices);
	} catch {
		// A proxy, say: that of a framework's state, or of a draft.
		throw badOption(who, "`prices`", "plain data that can be copied", prices);
	}
}

function dotted(path: string): string {
	return path.startsWith("[") ? path : `.${path}`;
}

function parseFile(who: string, path: string): unknown {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (cause) {
		if (cause instanceof Error && "code" in cause)
			throw badOption(who, `\`prices\` (${String(cause.code)})`, "the path of a JSON file", path);
		throw cause;
	}
	try {
		return JSON.parse(text);
	} catch (cause) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		throw new HyperAgentError("BAD_OPTION", `${who}: ${path} is not JSON: ${reason}.`, { cause });
	}
}
