import { catchUp } from "./afterwards.ts";
import type { ErrorType } from "./llm-error.ts";
import { processSlot } from "./process-slot.ts";
import type { SettledCall } from "./settled-call.ts";

/** What is recorded beside calls, tokens and costs. */
export const NOTED_EVENTS = [
	"latency",
	"error",
	"cache_hit",
	"cache_miss",
	"rate_limited",
	"unpriced",
] as const;

/** One of {@link NOTED_EVENTS}. */
export type NotedEventName = (typeof NOTED_EVENTS)[number];

/** Something happened that is no call, or a part of one. What is not known of it is `undefined`. */
export interface NotedEvent {
	readonly event: NotedEventName;
	readonly route: string | undefined;
	readonly model: string | undefined;
	readonly provider: string | undefined;
	/** Of a `latency`. */
	readonly latencyMs: number | undefined;
	/** Of an `error`. */
	readonly errorType: ErrorType | undefined;
}

/** An answer from a response cache, and what it would have cost. */
export type ServedAnswer = Pick<SettledCall, "costUsd" | "model" | "provider" | "route">;

/** Sees everything that is metered in the process, from the moment it is added. */
export interface SettlementListener {
	/** A call has ended. */
	settled(call: SettledCall): void;
	/**
	 * A call was answered from a response cache: nobody was asked, and it cost nothing. Its cost is what the answer cost when
	 * a provider gave it, at today's prices.
	 */
	served?(answer: ServedAnswer): void;
	/** Something was recorded by hand, by `recordLlmTokens` or `recordLlmCost`; the other's amounts are 0. */
	recorded(route: string, model: string, inputTokens: number, outputTokens: number, costUsd: number): void;
	/**
	 * A latency or an error was recorded by hand, a response cache was looked into, a provider has refused an attempt for
	 * its rate limit, or a request was made whose price nobody here knows.
	 */
	noted?(event: NotedEvent): void;
}

const slot = processSlot<Set<SettlementListener>>("settlement-listeners");

/** Adds a listener; the function that comes back takes it away again. */
export function addSettlementListener(listener: SettlementListener): () => void {
	slot.value ??= new Set();
	const listeners = slot.value;
	catchUp();
	listeners.add(listener);
	return () => {
		catchUp();
		listeners.delete(listener);
	};
}

/** Everyone who listens now; no value as long as nobody ever has. */
export const settlementListeners: { readonly value: ReadonlySet<SettlementListener> | undefined } = slot;
