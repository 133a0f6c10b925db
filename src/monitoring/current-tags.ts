import { AsyncLocalStorage } from "node:async_hooks";
import { processSlot } from "../core/process-slot.ts";
import { reportInternalError } from "./internal-errors.ts";

/** Names that the program gives to calls: `{ team: "search" }`. */
export type Tags = Readonly<Record<string, string>>;

/** The most tags on a call, the longest name and value, and the most different sets in a process. */
const MOST_TAGS = 8;
const LONGEST_TAG = 64;
const MOST_TAG_SETS = 1000;

const slot = processSlot<AsyncLocalStorage<Tags>>("current-tags");
slot.value ??= new AsyncLocalStorage<Tags>();
const storage = slot.value;
const sets = processSlot<Map<string, Tags>>("tag-sets");
sets.value ??= new Map();
const known = sets.value;
const names = processSlot<Map<string, Set<string>>>("tag-values");
names.value ??= new Map();
/** The values that each name has in the sets that are known. */
const valuesOf = names.value;
let isOver = false;

/** The tags that {@link withTags} has put around the running code. */
export function currentTags(): Tags | undefined {
	return storage.getStore();
}

/**
 * Runs `fn`, and everything asynchronous that it starts, under tags: the ledger keeps them with each call in it. An inner
 * `withTags` adds to the outer ones, and wins where both name a tag. At most 8 tags of at most 64 characters, and 1,000
 * different sets in a process: in further ones the tag with the most different values becomes `other`, and if need be the
 * next.
 *
 * @param tags fixed names of yours, never anything that a user typed
 * @example
 * ```ts
 * import { withTags } from "@hyperagent/observe/monitoring";
 *
 * const answer = await withTags({ team: "search" }, async () => "a metered call, for instance");
 * console.log(answer.length); // 28
 * ```
 */
export function withTags<T>(tags: Tags, fn: () => T): T {
	const merged = bounded(tags);
	return merged === undefined ? fn() : storage.run(merged, fn);
}

/** The one object for that set of tags; what is no tag changes nothing, and is told. */
function bounded(tags: unknown): Tags | undefined {
	if (!isTags(tags)) return refuse();
	const merged = { ...currentTags(), ...tags };
	const names = Object.keys(merged).toSorted();
	if (names.length > MOST_TAGS) return refuse();
	return intern(names.map((name) => [name, merged[name] ?? ""])) ?? overBound(names, merged);
}

/** One tag with a value for each request must not take the others with it: those may be what a budget goes by. */
function overBound(names: readonly string[], merged: Tags): Tags {
	if (!isOver) {
		isOver = true;
		reportInternalError(
			"labels",
			`There are ${MOST_TAG_SETS} sets of tags: in further ones the tag with the most different values is recorded as "other". Use fixed names in withTags(), never an id.`,
		);
	}
	const variety = (name: string): number => valuesOf.get(name)?.size ?? 0;
	const others = new Set<string>();
	for (const name of names.toSorted((one, other) => variety(other) - variety(one))) {
		others.add(name);
		const set = intern(
			names.map((one) => [one, others.has(one) ? "other" : (merged[one] ?? "")]),
			2 * MOST_TAG_SETS,
		);
		if (set !== undefined) return set;
	}
	// Names in excess are not remembered either: a program's tag names are few.
	return Object.freeze(Object.fromEntries(names.map((name) => [name, "other"])));
}

/** The one object for a set; none where there are as many as there may be. */
function intern(entries: readonly (readonly [string, string])[], most = MOST_TAG_SETS): Tags | undefined {
	const key = JSON.stringify(entries);
	const existing = known.get(key);
	if (existing !== undefined || known.size >= most) return existing;
	const set: Tags = Object.freeze(Object.fromEntries(entries));
	known.set(key, set);
	for (const [name, value] of entries) valuesOf.set(name, (valuesOf.get(name) ?? new Set()).add(value));
	return set;
}

function isTags(tags: unknown): tags is Tags {
	if (typeof tags !== "object" || tags === null || Array.isArray(tags)) return false;
	return Object.entries(tags).every(([name, value]) => isName(name) && isValue(value));
}

function isName(name: string): boolean {
	return name.length <= LONGEST_TAG && /^[a-zA-Z_][\w.-]*$/.test(name) && name !== "__proto__";
}

function isValue(value: unknown): boolean {
	return typeof value === "string" && value !== "" && value.length <= LONGEST_TAG && value.isWellFormed();
}

function refuse(): undefined {
	reportInternalError(
		"manual",
		`Tags were refused by withTags(tags, fn). Expected an object of at most ${MOST_TAGS} names (letters, digits, _ . -) with values of 1 to ${LONGEST_TAG} characters.`,
	);
	return undefined;
}
