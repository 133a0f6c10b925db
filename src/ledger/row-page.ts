import { PROCESS_ID, splitCallId } from "../core/call-id.ts";
import { picoUsd, wholeUsd } from "../core/money.ts";
import type { SettledCall } from "../core/settled-call.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import type { LedgerEvent } from "./ledger-event.ts";

/**
 * The numbers of a row, in their order. Names stand as 1 + their place in the page's list; 0 is none, NaN not reported.
 * An event's name stands where a call's operation does, and what it saved where the cost does: no row has both.
 */
const FIELDS = [
	"process",
	"sequence",
	"at",
	"route",
	"model",
	"answeredModel",
	"provider",
	"operation",
	"outcome",
	"errorType",
	"usageMissing",
	"unpriced",
	"priceSource",
	"pricedModel",
	"tags",
	"moreUsage",
	"latencyMs",
	"timeToFirstTokenMs",
	"attempts",
	"costWhole",
	"costPico",
	"inputUncached",
	"cacheRead",
	"cacheWrite5m",
	"cacheWrite1h",
	"output",
	"reasoning",
] as const;

/** Numbers a row. */
export const ROW_WIDTH: number = FIELDS.length;
/** A provider may tell any cost; more than this is none, and two of them might have no sum. */
const MOST_USD = Number.MAX_SAFE_INTEGER;
/** Rows a page. */
export const PAGE_ROWS = 2048;

/** Rows of a page: enough to read them in another thread, or from a file. */
export interface PageSlice {
	readonly values: Float64Array;
	readonly names: readonly string[];
	readonly from: number;
	readonly to: number;
}

/**
 * Rows as plain numbers in memory that threads share: writing one allocates next to nothing, and handing over thousands
 * copies nothing.
 */
export class RowPage {
	readonly values: Float64Array = new Float64Array(new SharedArrayBuffer(PAGE_ROWS * ROW_WIDTH * 8));
	/** Only ever grows. */
	readonly names: string[] = [];
	count = 0;
	/** By the text, or by the object that the text would be made of. */
	readonly #places = new Map<unknown, number>();

	get isFull(): boolean {
		return this.count >= PAGE_ROWS;
	}

	/** @param route and `model` as they are kept: bounded */
	addCall(call: SettledCall, route: string, model: string): void {
		const { process, sequence } = splitCallId(call.id);
		const { costUsd, usage } = call;
		const { values } = this;
		let i = this.count * ROW_WIDTH;
		values[i++] = this.#name(process);
		values[i++] = sequence;
		values[i++] = Math.floor(call.startedAt);
		values[i++] = this.#name(route);
		values[i++] = this.#name(model);
		values[i++] = this.#name(call.answeredModel);
		values[i++] = this.#name(call.provider);
		values[i++] = this.#name(call.operation);
		values[i++] = this.#name(call.outcome);
		values[i++] = this.#name(call.errorType);
		values[i++] = this.#name(call.usageMissing);
		values[i++] = this.#name(call.unpriced);
		values[i++] = this.#name(call.priceSource);
		values[i++] = this.#name(call.pricedModel);
		values[i++] = call.tags === undefined ? 0 : this.#object(call.tags);
		values[i++] = usage === undefined ? 0 : this.#moreUsage(usage);
		values[i++] = call.latencyMs;
		values[i++] = call.timeToFirstTokenMs ?? Number.NaN;
		values[i++] = call.attempts;
		values[i++] = costUsd === undefined ? Number.NaN : Math.min(wholeUsd(costUsd), MOST_USD);
		values[i++] = costUsd === undefined ? Number.NaN : picoUsd(costUsd);
		values[i++] = usage?.inputUncached ?? Number.NaN;
		values[i++] = usage?.cacheRead ?? Number.NaN;
		values[i++] = usage?.cacheWrite5m ?? Number.NaN;
		values[i++] = usage?.cacheWrite1h ?? Number.NaN;
		values[i++] = usage?.output ?? Number.NaN;
		values[i] = usage?.reasoning ?? Number.NaN;
		this.count += 1;
	}

	addManual(sequence: number, route: string, model: string, tokens: ManualTokens, costUsd: number): void {
		const { values } = this;
		const start = this.count * ROW_WIDTH;
		values.fill(0, start, start + NUMBERS);
		values.fill(Number.NaN, start + NUMBERS, start + ROW_WIDTH);
		values[start] = this.#name(PROCESS_ID);
		values[start + 1] = sequence;
		values[start + 2] = Date.now();
		values[start + 3] = this.#name(route);
		values[start + 4] = this.#name(model);
		values[start + 18] = 0;
		if (costUsd > 0) {
			values[start + 19] = wholeUsd(costUsd);
			values[start + 20] = picoUsd(costUsd);
		}
		if (tokens.input > 0) values[start + 21] = tokens.input;
		if (tokens.output > 0) values[start + 25] = tokens.output;
		this.count += 1;
	}

	addEvent(sequence: number, what: PageEvent): void {
		const { event, errorType, latencyMs, model, provider, route, savedUsd } = what;
		this.addManual(sequence, route, model, NO_TOKENS, savedUsd ?? 0);
		const { values } = this;
		const start = (this.count - 1) * ROW_WIDTH;
		values[start + 6] = this.#name(provider);
		values[start + 7] = this.#name(event);
		values[start + 9] = this.#name(errorType);
		if (latencyMs !== undefined) values[start + 16] = latencyMs;
	}

	#name(name: string | undefined): number {
		if (name === undefined) return 0;
		return this.#places.get(name) ?? this.#add(name, name);
	}

	/** Objects that are interned are written once a page. */
	#object(value: object): number {
		return this.#places.get(value) ?? this.#add(value, JSON.stringify(value));
	}

	/** What has no number of its own is rare, and goes as text. */
	#moreUsage(usage: TokenUsage): number {
		const { inputAudio, cacheReadAudio, inputImage, outputAudio, outputImage } = usage;
		const { iterations, serverTools, webSearches } = usage;
		const isPlain =
			inputAudio === undefined &&
			cacheReadAudio === undefined &&
			inputImage === undefined &&
			outputAudio === undefined &&
			outputImage === undefined &&
			webSearches === undefined &&
			serverTools === undefined &&
			iterations === undefined;
		if (isPlain) return 0;
		const audio = { inputAudio, cacheReadAudio, outputAudio };
		return this.#name(
			JSON.stringify({ ...audio, inputImage, outputImage, webSearches, serverTools, iterations }),
		);
	}

	#add(key: unknown, name: string): number {
		const place = this.names.push(name);
		this.#places.set(key, place);
		return place;
	}
}

/** What `recordLlmTokens` was told. */
export interface ManualTokens {
	readonly input: number;
	readonly output: number;
}

const NO_TOKENS: ManualTokens = { input: 0, output: 0 };

/** What is neither a call nor tokens or a cost by hand. */
export interface PageEvent {
	readonly event: LedgerEvent;
	readonly route: string;
	readonly model: string;
	readonly provider: string | undefined;
	readonly latencyMs?: number | undefined;
	readonly errorType?: string | undefined;
	readonly savedUsd?: number | undefined;
}

/** Where numbers begin that are not names. */
const NUMBERS = FIELDS.indexOf("latencyMs");

/** The usage that addCall, or the store, has written as text. */
export function parsedUsage(text: string): TokenUsage {
	// What was written was one.
	return JSON.parse(text) as TokenUsage;
}

/** The tags that addCall, or the store, has written as text. */
export function parsedTags(text: string): Readonly<Record<string, string>> {
	// What was written was such.
	return JSON.parse(text) as Readonly<Record<string, string>>;
}
