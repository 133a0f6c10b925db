import { currentRoute } from "./current-route.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { LlmError } from "../core/llm-error.ts";
import { providerOfFormat, providerOfHost } from "../wire/provider-of-host.ts";
import { wireRequest, type WireRequest } from "../wire/wire-format.ts";
import { AnswerMeter } from "./answer-meter.ts";
import { readAsked } from "./asked.ts";
import type { Attempt } from "./attempt.ts";
import { type BodyTap, tapBody } from "./body-tap.ts";
import { Call } from "./call.ts";
import { currentCall } from "./current-call.ts";
import { Exchange } from "./exchange.ts";
import { isInFetch, runInFetch, urlOf } from "./fetch-scope.ts";
import { reportInternalError } from "./internal-errors.ts";
import { currentQuestion, newQuestion, type Question } from "./question.ts";
import { RefusalMeter } from "./refusal-meter.ts";
import { isRetry, requestHeader, ROUTE_HEADER, withoutRouteHeader } from "./request-headers.ts";

/** What is said of the requests of a `fetch`. */
export interface MeteredFetchOptions {
	/** The `route` label, where neither the request nor a `withRoute` around it names one; "default" unless given. */
	readonly route?: string | undefined;
	/** The `provider` label; else the host tells, else the API. */
	readonly provider?: string | undefined;
}

type Fetch = typeof globalThis.fetch;

/** Model label of a request that does not say. */
const UNKNOWN_MODEL = "unknown";

/**
 * A `fetch` for anything that takes one: each request to an LLM API that is sent through it is metered, as one call with
 * one attempt, or, inside a call that something of ours already meters, as one attempt of that. What it gives is what the
 * `fetch` below gives, the same objects and bytes; the usage is read while the caller reads the answer. Other requests
 * pass untouched; those to APIs that cost money and are not metered yet count in
 * `llm_unpriced_requests_total{reason="unmetered_api"}`.
 *
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
	return observedFetch(fetch ?? ((input, init) => globalThis.fetch(input, init)), options, true);
}

/**
 * The same for a client whose calls are begun above its `fetch`.
 *
 * @param beginsCalls whether a request outside of any call is one
 */
export function observedFetch(send: Fetch, options: MeteredFetchOptions, beginsCalls: boolean): Fetch {
	return async (input, init) => {
		let exchange: HttpExchange | undefined;
		try {
			if (!isInFetch(input)) exchange = await openHttpExchange(input, init, options, beginsCalls);
		} catch (cause) {
			reportInternalError("call", "A request could not be metered.", cause);
		}
		if (exchange === undefined) return send(input, withoutRouteHeader(input, init));
		let response: Response;
		try {
			response = await runInFetch(input, () => send(input, withoutRouteHeader(input, init)));
		} catch (error) {
			exchange.failed(error);
			throw error;
		}
		exchange.answered(response);
		return response;
	};
}

/** What is to be told of one HTTP request. Its methods do not throw. */
interface HttpExchange {
	answered(response: Response): void;
	failed(error: unknown): void;
}

async function openHttpExchange(
	input: string | URL | Request,
	init: RequestInit | undefined,
	options: MeteredFetchOptions,
	beginsCalls: boolean,
): Promise<HttpExchange | undefined> {
	const url = urlOf(input);
	const method = init?.method ?? (input instanceof Request ? input.method : "GET");
	const wire = wireRequest(method, url);
	const asked = currentQuestion();
	if (asked !== undefined && (asked.format === wire.format || wire.format === "unmetered"))
		return new MeteredExchange(asked, isRetry(input, init));
	const outer = currentCall();
	if (wire.format === "free") return undefined;
	if (wire.format !== "unmetered" && !beginsCalls && outer === undefined) return undefined;
	const { isStream, model = UNKNOWN_MODEL } = await readAsked(input, init);
	const said = { model: wire.model ?? model, isStream: wire.isStream ?? isStream };
	const route = requestHeader(input, init, ROUTE_HEADER) || currentRoute() || options.route || "default";
	const provider =
		options.provider ?? providerOfHost(url) ?? outer?.priceProvider ?? providerOfFormat(wire.format);
	if (wire.format === "unmetered")
		return new UnmeteredExchange(outer?.route ?? route, provider, said.model, isRetry(input, init));
	const question = questionOf(wire, outer, { ...said, route, provider, signal: init?.signal ?? undefined });
	return question === undefined ? undefined : new MeteredExchange(question, isRetry(input, init));
}

function questionOf(
	{ format, operation }: WireRequest,
	outer: Call | undefined,
	said: {
		model: string;
		isStream: boolean;
		route: string;
		provider: string;
		signal: AbortSignal | undefined;
	},
): Question | undefined {
	if (format === "unmetered" || format === "free") return undefined;
	const { isStream, model, provider } = said;
	const asked = { format, provider, model, isStream };
	if (outer !== undefined) return newQuestion({ ...asked, call: outer, endsWith: "neither" });
	return newQuestion({
		...asked,
		call: new Call({ operation, ...said, isOneQuestion: true }),
		endsWith: "fetch",
	});
}

/** A request of an API whose answers we can read. */
class MeteredExchange implements HttpExchange {
	readonly #question: Question;
	readonly #attempt: Attempt;
	readonly #exchange: Exchange;

	constructor(question: Question, isRetrying: boolean) {
		const { call, model, provider } = question;
		this.#question = question;
		this.#attempt = call.startAttempt({ provider, model }, isRetrying);
		this.#exchange = new Exchange(call, provider, model);
		call.exchanges.push(this.#exchange);
	}

	answered(response: Response): void {
		try {
			this.#attempt.answered(response.status, response.headers);
			if (response.ok) this.#readAnswer(response);
			else this.#readRefusal(response);
		} catch (cause) {
			reportInternalError("call", "An answer could not be metered.", cause);
			// Nobody would end it.
			if (this.#question.endsWith !== "neither") this.#question.call.succeed();
		}
	}

	failed(error: unknown): void {
		this.#attempt.failed();
		this.#exchange.isFailed = true;
		if (this.#question.endsWith === "fetch") this.#question.call.fail(error);
	}

	#readAnswer(response: Response): void {
		const question = this.#question;
		question.isAnswered = true;
		if (isEmpty(response)) {
			this.#exchange.failed("invalid_response");
			if (question.endsWith === "neither") return;
			question.call.fail(new LlmError("invalid_response", "The answer is empty."));
			return;
		}
		const meter = new AnswerMeter(question, this.#exchange, response);
		const { leavesByUnlocking } = question;
		if (!tapBody(response, meter, { isStream: meter.isStream, leavesByUnlocking })) meter.unwatched();
		unread.register(response, meter);
	}

	#readRefusal(response: Response): void {
		// Who sends the request, or the call that it belongs to, hears of it in a way of its own.
		this.#exchange.isFailed = true;
		const { call, endsWith } = this.#question;
		if (endsWith !== "fetch") return;
		if (isEmpty(response)) call.fail({ status: response.status, headers: response.headers });
		else {
			const meter = new RefusalMeter(call, response);
			tapBody(response, meter);
			unread.register(response, meter);
		}
	}
}

/** A request that costs money, to an API that we do not read: an attempt, and no price. */
class UnmeteredExchange implements HttpExchange {
	readonly #route: string;
	readonly #provider: string;
	readonly #model: string;

	constructor(route: string, provider: string, model: string, isRetrying: boolean) {
		this.#route = route;
		this.#provider = provider;
		this.#model = model;
		const { value: recorder } = installedRecorder;
		if (isRetrying) recorder?.retry(recorder.target(provider, model));
	}

	answered({ status }: Response): void {
		const { value: recorder } = installedRecorder;
		if (recorder === undefined) return;
		const target = recorder.target(this.#provider, this.#model);
		recorder.attempt(target, status === 429 ? "rate_limited" : status < 400 ? "success" : "error");
		if (status < 400) recorder.unpriced(recorder.pair(this.#route, this.#model), "unmetered_api");
	}

	failed(error: unknown): void {
		const { value: recorder } = installedRecorder;
		const isAbort = error instanceof Error && error.name === "AbortError";
		recorder?.attempt(recorder.target(this.#provider, this.#model), isAbort ? "aborted" : "error");
	}
}

function isEmpty(response: Response): boolean {
	return response.body === null || response.status === 204 || response.headers.get("content-length") === "0";
}

/** The response is gone: if nobody has begun to read it, nobody will. What it holds does not hold the response. */
const unread = new FinalizationRegistry<BodyTap>((tap) => tap.forgotten());
