import { badOption } from "../core/bad-option.ts";
import type { CallFacts } from "../core/call-gate.ts";
import { BUDGET_WINDOWS, type BudgetWindow, isTimeZone } from "./budget-window.ts";
import type { Ledger } from "./ledger.ts";

/** Which calls a budget is for: those for which everything named here holds; without anything, all. */
export interface BudgetScope {
	/** A name, or any of several. */
	readonly route?: string | readonly string[] | undefined;
	/** The model that was asked for. */
	readonly model?: string | readonly string[] | undefined;
	/** The `provider` label. What is recorded by hand has none. */
	readonly provider?: string | readonly string[] | undefined;
	/** Tags that `withTags` has put on the call. What is recorded by hand has none. */
	readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** A part of a budget was spent. */
export interface BudgetThreshold {
	readonly budget: string;
	/** The part: 0.8 is 80 %. */
	readonly threshold: number;
	readonly limitUsd: number;
	readonly spentUsd: number;
	/** The window in which it happened, in milliseconds since the epoch. */
	readonly windowStart: number;
	readonly resetsAt: number;
	/** It was passed already when the budget was added: the ledger knows of it, and an earlier process has told. */
	readonly wasPassed: boolean;
}

/** What a budget can be told. */
export interface BudgetOptions {
	/** Its `budget` label, and what it is called in errors: a fixed name. */
	readonly name: string;
	/** What may be spent in each window, in USD. */
	readonly limitUsd: number;
	/** An hour is one of UTC; a day, a week (from Monday on) and a month go by `timeZone`. */
	readonly window: BudgetWindow;
	/** An IANA name, "Europe/Berlin"; "UTC" unless given. */
	readonly timeZone?: string | undefined;
	readonly scope?: BudgetScope | undefined;
	/** Parts of the limit at which `onThreshold` is called, once a window: 0.5, 0.8 and 1 unless given. */
	readonly thresholds?: readonly number[] | undefined;
	/** Called after the call that passed the threshold has settled. What it throws harms nothing. */
	readonly onThreshold?: ((passed: BudgetThreshold) => unknown) | undefined;
	/** Whether calls that would go over the limit are refused with a `BudgetExceededError` before they are made. */
	readonly block?: boolean | undefined;
	/** What `openLedger` has opened: what was spent in this window before, and what other processes spend, counts as well. */
	readonly ledger?: Ledger | undefined;
}

/** All of them, checked. */
export interface CheckedBudgetOptions {
	readonly name: string;
	readonly limitUsd: number;
	readonly window: BudgetWindow;
	readonly timeZone: string;
	readonly scope: BudgetScope;
	/** Increasing. */
	readonly thresholds: readonly number[];
	readonly onThreshold: ((passed: BudgetThreshold) => unknown) | undefined;
	readonly block: boolean;
	readonly ledger: Ledger | undefined;
}

const OPTIONS = [
	"block",
	"ledger",
	"limitUsd",
	"name",
	"onThreshold",
	"scope",
	"thresholds",
	"timeZone",
	"window",
];
const SCOPE = ["model", "provider", "route", "tags"];
const LONGEST_NAME = 64;
/** All sums are exact far beyond it. */
const MOST_USD = 1e12;
/** Amounts are kept to 10⁻¹² dollars. */
const LEAST_USD = 1e-12;

/** The most days that a window has, begun ones and a change of the clocks included: for so long a ledger must know. */
const WINDOW_DAYS: Readonly<Record<BudgetWindow, number>> = { hour: 1, day: 2, week: 8, month: 32 };

/** Throws `BAD_OPTION` at the first option that cannot be meant. */
export function checkBudgetOptions(options: BudgetOptions): CheckedBudgetOptions {
	expect(isObject(options), "options", "an object", options);
	onlyKnown("options", options, OPTIONS);
	const { ledger, limitUsd, name, onThreshold, window } = options;
	const { block = false, scope = {}, thresholds = [0.5, 0.8, 1], timeZone = "UTC" } = options;
	const isName =
		typeof name === "string" && name !== "" && name.length <= LONGEST_NAME && name.isWellFormed();
	expect(isName, "name", `a name of 1 to ${LONGEST_NAME} characters`, name);
	const isLimit = typeof limitUsd === "number" && limitUsd >= LEAST_USD && limitUsd <= MOST_USD;
	expect(isLimit, "limitUsd", "a number of US dollars above 0", limitUsd);
	expect(BUDGET_WINDOWS.includes(window), "window", `one of ${BUDGET_WINDOWS.join(", ")}`, window);
	const isZone = typeof timeZone === "string" && isTimeZone(timeZone);
	expect(isZone, "timeZone", 'the name of a time zone such as "Europe/Berlin"', timeZone);
	expect(typeof block === "boolean", "block", "true or false", block);
	checkScope(scope);
	const areParts = Array.isArray(thresholds) && thresholds.every(isPart);
	expect(areParts, "thresholds", "a list of parts of the limit, such as 0.8", thresholds);
	expect(
		onThreshold === undefined || typeof onThreshold === "function",
		"onThreshold",
		"a function",
		onThreshold,
	);
	expect(
		ledger === undefined || typeof ledger?.windowCosts === "function",
		"ledger",
		"what openLedger() returns",
		ledger,
	);
	const days = WINDOW_DAYS[window];
	const kept = ledger?.keptDays ?? days;
	const keeping = `a ledger that keeps calls or totals for a whole ${window}: open it with \`keepTotalsDays: ${days}\` or more`;
	expect(kept >= days, "ledger", keeping, `${kept} days`);
	const sorted = [...new Set(thresholds)].toSorted((one, other) => one - other);
	// A copy: what happens to the caller's object later must not change the budget.
	const own = structuredClone(scope);
	return { name, limitUsd, window, timeZone, scope: own, thresholds: sorted, onThreshold, block, ledger };
}

/** Whether a budget is for a call, or for a record by hand. */
export function isInScope(scope: BudgetScope, call: Omit<CallFacts, "startedAt">): boolean {
	const { model, provider, route, tags } = scope;
	if (!isOneOf(route, call.route) || !isOneOf(model, call.model) || !isOneOf(provider, call.provider))
		return false;
	for (const name in tags) if (call.tags?.[name] !== tags[name]) return false;
	return true;
}

function isOneOf(wanted: string | readonly string[] | undefined, value: string): boolean {
	if (wanted === undefined) return true;
	return typeof wanted === "string" ? wanted === value : wanted.includes(value);
}

function checkScope(scope: BudgetScope): void {
	expect(isObject(scope), "scope", "an object", scope);
	onlyKnown("scope", scope, SCOPE);
	const { tags = {}, ...names } = scope;
	for (const [key, value] of Object.entries(names)) {
		const list: readonly unknown[] = Array.isArray(value) ? value : [value];
		const fits = list.length > 0 && list.every((one) => typeof one === "string" && one !== "");
		expect(value === undefined || fits, `scope.${key}`, "a name, or a list of names", value);
	}
	const areTags = isObject(tags) && Object.values(tags).every((value) => typeof value === "string");
	expect(areTags, "scope.tags", "an object of names and values", tags);
}

function isPart(value: unknown): boolean {
	return typeof value === "number" && Number.isFinite(value) && value > 0;
}

function isObject(value: unknown): value is object {
	// A Map, or a Set, would look like an object without fields: a scope without conditions.
	return Object.prototype.toString.call(value) === "[object Object]";
}

function onlyKnown(path: string, value: object, known: readonly string[]): void {
	for (const key of Object.keys(value)) expect(known.includes(key), path, `one of ${known.join(", ")}`, key);
}

function expect(fits: boolean, path: string, expected: string, got: unknown): void {
	if (!fits) throw badOption("addBudget()", `\`${path}\``, expected, got);
}
