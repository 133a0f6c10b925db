import { AsyncLocalStorage } from "node:async_hooks";
import { callGate, isRefusal } from "../core/call-gate.ts";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { type Asked, readAsked } from "./asked.ts";
import { isNodeFetch, runInFetch } from "./fetch-scope.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { reportInternalError } from "./internal-errors.ts";
import { type FoundRequest, openAsked, RequestFinder } from "./request-finder.ts";
import { takeRoute } from "./request-headers.ts";

/** What is said of the requests of a `fetch`. */
export interface MeteredFetchOptions {
	/** The `route` label, where neither the request nor a `withRoute` around it names one; "default" unless given. */
	readonly route?: string | undefined;
	/** The `provider` label; else the host tells, else the API. */
	readonly provider?: string | undefined;
}

type Fetch = typeof globalThis.fetch;
type Input = string | URL | Request;

/**
 * A `fetch` for anything that takes one: each request to an LLM API that is sent through it is metered, as one call with
 * one attempt, or, inside a call that something of ours already meters, as one attempt of that. What it gives is what the
 * `fetch` below gives, the same objects and bytes; the usage is read while the caller reads the answer. Other requests
 * pass untouched; those to APIs that cost money and are not metered yet count in
 * `llm_unpriced_requests_total{reason="unmetered_api"}`.
 *
 * @throws HyperAgentError `BAD_OPTION`
 * @param fetch what sends the requests; the global one, as it is at each request, unless given
 *
 * @example
 * ```ts
 * import { meteredFetch } from "@hyperagent/observe/instrument";
 *
 * const fetch = meteredFetch(async () => Response.json({ model: "gpt-4o-mini", choices: [] }), { route: "chat" });
 * const answer = await fetch("https://api.openai.com/v1/chat/completions", {
 *   method: "POST",
 *   body: JSON.stringify({ model: "gpt-4o-mini", messages: [] }),
 * });
 * console.log((await answer.json()).model); // "gpt-4o-mini"
 * ```
 */
export function meteredFetch(fetch?: Fetch, options: MeteredFetchOptions = {}): Fetch {
	check(fetch, options);
	const requests = new RequestFinder(options);
	const { fetch: first } = globalThis;
	const isNodes = isNodeFetch(fetch ?? first);
	// Below Node's own there is nobody who could count again.
	const isLast = (): boolean => isNodes && (fetch !== undefined || globalThis.fetch === first);
	// What is not given is not passed on either.
	const start = (input: Input, init: RequestInit | undefined): Promise<Response> =>
		init === undefined ? send(input) : send(input, init);
	const sent = (input: Input, init: RequestInit | undefined): Sent => {
		const isNodes = isLast();
		const response = isNodes ? start(input, init) : runInFetch(input, init, () => start(input, init));
		return { response, isNodes };
	};
	const metered: Fetch = (input, init) => {
		const question = requests.questionOf(input, init);
		if (question !== undefined) {
			const { passed } = takeRoute(input, init);
			const exchange = opened(() => openAsked(question, input, passed));
			return exchange === undefined ? start(input, passed) : meters(exchange, sent(input, passed));
		}
		const { passed, route } = takeRoute(input, init);
		const found = requests.find(input, passed, route);
		if (found === undefined) return start(input, passed);
		const asked = askedBy(input, passed);
		if (asked instanceof Promise) {
			// A budget may refuse it: then nothing must have been sent.
			if (callGate.value === undefined) return metersLater(found, asked, sent(input, passed));
			return metersAfter(
				found,
				asked,
				() => start(input, passed),
				() => sent(input, passed),
			);
		}
		try {
			const exchange = opened(() => found.open(asked));
			return exchange === undefined ? start(input, passed) : meters(exchange, sent(input, passed));
		} catch (refusal) {
			return refused(refusal);
		}
	};
	const send = fetch ?? globalFetch(first, () => metered);
	return metered;
}

/** What would fail at the first request is better told at once. */
function check(fetch: unknown, options: unknown): void {
	const isOptions = typeof options === "object" && options !== null;
	if ((fetch === undefined || typeof fetch === "function") && isOptions) return;
	throw new HyperAgentError(
		"BAD_OPTION",
		"meteredFetch(fetch, { route, provider }): fetch must be a function, or undefined for the global one, and the rest an object.",
	);
}

/** The global `fetch` as it is at each request; where that leads back to the one that asks for it, as it was at first. */
function globalFetch(first: Fetch, self: () => Fetch): Fetch {
	const within = new AsyncLocalStorage<true>();
	return (...args) => {
		const { fetch } = globalThis;
		if (fetch === first || fetch === self() || within.getStore() === true) return first(...args);
		return within.run(true, () => fetch(...args));
	};
}

/** What has been sent. */
interface Sent {
	readonly response: Promise<Response>;
	/** By Node's own `fetch`, right here. */
	readonly isNodes: boolean;
}

async function meters(exchange: HttpExchange, sent: Sent): Promise<Response> {
	let response: Response;
	try {
		response = await sent.response;
	} catch (error) {
		exchange.failed(error);
		throw error;
	}
	exchange.answered(response, sent.isNodes);
	return response;
}

/** What is asked is read while the request is on its way: nothing waits for it. */
async function metersLater(found: FoundRequest, asked: Promise<Asked>, sent: Sent): Promise<Response> {
	// Its failure is told of a little later.
	sent.response.catch(() => undefined);
	const said = await asked;
	let exchange: HttpExchange | undefined;
	try {
		exchange = opened(() => found.open(said));
	} catch {
		// By a first budget that was added meanwhile: too late, the provider has been asked.
		return sent.response;
	}
	return exchange === undefined ? sent.response : meters(exchange, sent);
}

/** The same where what is asked has to be known first. */
async function metersAfter(
	found: FoundRequest,
	asked: Promise<Asked>,
	start: () => Promise<Response>,
	sent: () => Sent,
): Promise<Response> {
	const said = await asked;
	const exchange = opened(() => found.open(said));
	return exchange === undefined ? start() : meters(exchange, sent());
}

function askedBy(input: Input, init: RequestInit | undefined): Asked | Promise<Asked> | undefined {
	try {
		return readAsked(input, init);
	} catch (cause) {
		reportInternalError("call", "A request's body could not be read.", cause);
		return undefined;
	}
}

/** A `fetch` never throws: it rejects. */
async function refused(refusal: unknown): Promise<never> {
	throw refusal;
}

/** @throws BudgetExceededError */
function opened(open: () => HttpExchange | undefined): HttpExchange | undefined {
	try {
		return open();
	} catch (cause) {
		if (isRefusal(cause)) throw cause;
		reportInternalError("call", "A request could not be metered.", cause);
		return undefined;
	}
}
