import * as v from "valibot";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { parseTime, TIMES } from "./time-parameter.ts";

/** The longest value that is looked at. */
const LONGEST_VALUE = 256;
/** The most values of a parameter that may be repeated. */
const MOST_VALUES = 50;

type Parameters = Readonly<Record<string, readonly string[]>>;

/** One value. */
const one: v.GenericSchema<string[], string> = v.pipe(
	v.array(v.pipe(v.string(), v.maxLength(LONGEST_VALUE, `at most ${LONGEST_VALUE} characters`))),
	v.length(1, "one value"),
	v.transform(([value = ""]) => value),
);

/** A text of any kind. */
export const text: v.GenericSchema<string[], string> = one;

/** One of a few words. */
export function word<const Words extends readonly string[]>(
	words: Words,
): v.GenericSchema<string[], Words[number]> {
	return v.pipe(one, v.picklist(words, `one of ${words.join(", ")}`));
}

/** A whole number. */
export function integer(least: number, most: number): v.GenericSchema<string[], number> {
	const what = `a whole number from ${least} to ${most}`;
	return v.pipe(
		one,
		v.regex(/^\d{1,15}$/, what),
		v.transform(Number),
		v.minValue(least, what),
		v.maxValue(most, what),
	);
}

/** A name, as often as one likes: any of them. */
export const anyOf: v.GenericSchema<string[], string[]> = v.pipe(
	v.array(v.pipe(v.string(), v.maxLength(LONGEST_VALUE, `at most ${LONGEST_VALUE} characters`))),
	v.maxLength(MOST_VALUES, `at most ${MOST_VALUES} values`),
);

/** A time, in milliseconds since the epoch. */
export function time(now: number): v.GenericSchema<string[], number> {
	return v.pipe(
		one,
		v.transform((text) => parseTime(text, now)),
		v.number(TIMES),
	);
}

/**
 * Reads the parameters of a URL by a schema of which each entry takes a list of values.
 *
 * @throws HyperAgentError `BAD_OPTION` naming the first parameter that does not fit, and what was expected
 */
export function readQuery<Entries extends v.ObjectEntries>(
	entries: Entries,
	parameters: Parameters,
): v.InferOutput<v.StrictObjectSchema<Entries, undefined>> {
	const unknown = Object.keys(parameters).find((name) => !Object.hasOwn(entries, name));
	if (unknown !== undefined) {
		throw expected(`no other parameter than ${Object.keys(entries).join(", ")}`, undefined, unknown);
	}
	const read = v.safeParse(v.strictObject(entries), parameters);
	if (read.success) return read.output;
	const [issue] = read.issues;
	const key = issue.path?.[0].key;
	const name = typeof key === "string" ? key : "";
	throw expected(issue.message, name, (parameters[name] ?? []).join(", "));
}

/** The `BAD_OPTION` of a parameter. */
export function expected(what: string, name: string | undefined, got: string): HyperAgentError {
	const where = name === undefined ? "" : ` at \`${name}\``;
	return new HyperAgentError(
		"BAD_OPTION",
		`Expected ${what}${where}, got ${JSON.stringify(got.slice(0, 80))}.`,
	);
}
