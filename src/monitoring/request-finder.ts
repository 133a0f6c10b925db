import { providerOfFormat, providerOfHost } from "../wire/provider-of-host.ts";
import { type WireRequest, wireRequest } from "../wire/wire-format.ts";
import type { Asked } from "./asked.ts";
import { Call } from "./call.ts";
import { currentCall, currentQuestion } from "./current-call.ts";
import { currentRoute } from "./current-route.ts";
import { isInFetch, isInsideFetch, isRequest, urlOf } from "./fetch-scope.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { reportInternalError } from "./internal-errors.ts";
import { MeteredExchange } from "./metered-exchange.ts";
import { QUESTION, Question } from "./question.ts";
import { isNumbered, isRetry } from "./request-headers.ts";
import { UnmeteredExchange } from "./unmetered-exchange.ts";

type Input = string | URL | Request;

/** A request that is to be counted. */
export interface FoundRequest {
	/** It is about to be sent, or has just been; `undefined` where its body shows that it is none of ours. */
	open(asked: Asked | undefined): HttpExchange | undefined;
}

/** Model label of a request that does not say. */
const UNKNOWN_MODEL = "unknown";

/**
 * Paths that cost money at hosts which nobody knows, as OpenAI's API has them: there, any other request may be one of the
 * program's own.
 */
const COSTLY: RegExp =
	/\/v1\/(?:images\/(?:generations|edits|variations)|audio\/\w+|videos|batches|files|fine_tuning\/jobs|realtime\/\w+|rerank)\/?(?:[?#]|$)/;

/** Tells the requests that are to be counted from the others, without touching any. */
export class RequestFinder {
	readonly #route: string | undefined;
	readonly #provider: string | undefined;
	/** Most clients ask one URL, again and again. */
	#lastUrl = "";
	#lastProvider: string | undefined = undefined;

	constructor(options: { readonly route?: string | undefined; readonly provider?: string | undefined }) {
		this.#route = options.route;
		this.#provider = options.provider;
	}

	/** What a client of ours asks with a request, if it is its. */
	questionOf(input: Input, init: RequestInit | undefined): Question | undefined {
		try {
			const named = namedQuestion(init);
			// Sent by its client right here, whatever it is asked in.
			if (named !== undefined && isOfQuestion(named, input, init)) {
				named.isNamed = true;
				return named;
			}
			const asked = isInsideFetch() ? undefined : currentQuestion();
			const isIts = asked !== undefined && isOfQuestion(asked, input, init) && !isInFetch(input, init);
			return isIts ? asked : undefined;
		} catch {
			// What fetch is given may be anything; it says itself what it will not have.
			return undefined;
		}
	}

	/**
	 * @param route what the request itself names
	 * @returns `undefined` for a request that is none of an LLM API's, that costs nothing, or that is counted already
	 */
	find(input: Input, init: RequestInit | undefined, route: string | null): FoundRequest | undefined {
		try {
			const url = urlOf(input);
			const wire = wireOf(input, init);
			if (wire.format === "free" || isInFetch(input, init)) return undefined;
			const provider = this.#provider ?? this.#providerOf(url);
			if (wire.format === "unmetered") {
				// An address of an LLM API, or one that says so.
				if (provider === undefined && wire.model === undefined && !COSTLY.test(url)) return undefined;
			}
			return { open: (said) => this.#open(wire, provider, input, init, route, said) };
		} catch (cause) {
			// What fetch is given may be anything; it says itself what it will not have.
			if (isSound(input)) reportInternalError("call", "A request could not be looked at.", cause);
			return undefined;
		}
	}

	#open(
		{ format, isStream, model, operation }: WireRequest,
		known: string | undefined,
		input: Input,
		init: RequestInit | undefined,
		own: string | null,
		asked: Asked | undefined,
	): HttpExchange | undefined {
		const outer = currentCall();
		// At a host that nobody knows, anything may end in "/messages" or "/responses": an LLM's has a model.
		const isUnknown = known === undefined && outer === undefined && model === undefined;
		if (isUnknown && asked !== undefined && asked.model === undefined) return undefined;
		const said = {
			provider: known ?? outer?.priceProvider ?? providerOfFormat(format),
			model: model ?? asked?.model ?? UNKNOWN_MODEL,
			isStream: isStream ?? asked?.isStream ?? false,
		};
		const signal = signalOf(input, init);
		const isRetrying = isRetry(input, init);
		const route = (): string => own || currentRoute() || this.#route || "default";
		if (format === "unmetered" || format === "free") {
			// What a client sends with each request is our own route, too: it is no nearer than what stands around it.
			const nearest = own === this.#route ? currentRoute() || own : own;
			const counted = outer?.route ?? (nearest || route());
			return new UnmeteredExchange({ ...said, route: counted, isRetry: isRetrying, signal });
		}
		if (outer !== undefined)
			return new MeteredExchange(
				new Question({ ...said, format, call: outer, endsWith: "neither" }),
				isRetrying,
				signal,
			);
		const call = new Call({ operation, ...said, route: route(), isOneQuestion: true, signal });
		try {
			return new MeteredExchange(
				new Question({ ...said, format, call, endsWith: "fetch" }),
				isRetrying,
				signal,
			);
		} catch (cause) {
			// Nobody would end it.
			call.abandon();
			throw cause;
		}
	}

	#providerOf(url: string): string | undefined {
		if (url !== this.#lastUrl) {
			this.#lastProvider = providerOfHost(url);
			this.#lastUrl = url;
		}
		return this.#lastProvider;
	}
}

function namedQuestion(init: (RequestInit & { [QUESTION]?: Question }) | undefined): Question | undefined {
	const named = init?.[QUESTION];
	return named?.call.isSettled === false ? named : undefined;
}

function wireOf(input: Input, init: RequestInit | undefined): WireRequest {
	const method: unknown = init?.method ?? (isRequest(input) ? input.method : "GET");
	return wireRequest(typeof method === "string" ? method : "", urlOf(input));
}

/** Opens a request that a client of ours sends for what it asks. */
export function openAsked(question: Question, input: Input, init: RequestInit | undefined): HttpExchange {
	// The first that a call sends follows none, whatever its number.
	const isRetrying = question.call.attempts > 0 && isRetry(input, init);
	return new MeteredExchange(question, isRetrying, signalOf(input, init));
}

/** Some clients' paths are their own: then what numbers its requests as the official SDKs do is one of theirs. */
function isOfQuestion({ format, path }: Question, input: Input, init: RequestInit | undefined): boolean {
	// Told without looking closer: most are sent just where the client said.
	const isPost = init?.method === "post" || init?.method === "POST";
	if (isPost && path !== "" && typeof input === "string" && input.endsWith(path)) return true;
	const wire = wireOf(input, init);
	return format === wire.format || (wire.format === "unmetered" && isNumbered(input, init));
}

/** The caller's signal, as `fetch` takes it: a Request has one of its own. */
function signalOf(input: Input, init: RequestInit | undefined): AbortSignal | undefined {
	const own = init?.signal;
	if (own !== undefined) return own ?? undefined;
	return isRequest(input) ? input.signal : undefined;
}

function isSound(input: unknown): boolean {
	return typeof input === "string" || (typeof input === "object" && input !== null);
}
