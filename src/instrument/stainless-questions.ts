import { isRefusal } from "../core/call-gate.ts";
import { Call } from "../monitoring/call.ts";
import { currentCall, currentQuestion, runInQuestion } from "../monitoring/current-call.ts";
import { currentRoute } from "../monitoring/current-route.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { QUESTION, Question } from "../monitoring/question.ts";
import { endWithGiven } from "../monitoring/read-answer.ts";
import { requestHeader, ROUTE_HEADER } from "../monitoring/request-headers.ts";
import { isRecord } from "../wire/is-record.ts";
import { providerOfFormat } from "../wire/provider-of-host.ts";
import { type WireFormat, wireRequest } from "../wire/wire-format.ts";
import type { InstrumentOptions } from "./instrument-options.ts";
import type { PlainClient } from "./plain-client.ts";
import { type ServerAsking, serverAsking } from "./server-asking.ts";

/** A client's `makeRequest`: its options, or a promise of them, how many retries are left, and what is the client's own. */
export type Ask = (options: unknown, ...rest: unknown[]) => Promise<unknown>;

type Options = Readonly<Record<string, unknown>>;

const NO_OPTIONS: Options = {};

/** Whether clients of a class give to `fetch` what their requests have for that, as far as it was seen. */
interface PassingOn {
	isSeen: boolean | undefined;
}

const passingOn = new WeakMap<object, PassingOn>();

/** Begins a call for each request that an API of ours answers, and tells it of a failure; its answer ends it. */
export class StainlessQuestions {
	readonly #client: { readonly baseURL: string };
	readonly #send: Ask;
	readonly #labels: InstrumentOptions;
	readonly #deployment: string | undefined;
	/** The client, where nobody's code but its own stands between its calls and Node's `fetch`. */
	readonly #plain: PlainClient | undefined;
	readonly #passingOn: PassingOn;

	constructor(
		client: { readonly baseURL: string },
		send: Ask,
		labels: InstrumentOptions,
		deployment: string | undefined,
		plain: PlainClient | undefined,
	) {
		this.#client = client;
		this.#send = send;
		this.#labels = labels;
		this.#deployment = deployment;
		this.#plain = plain;
		this.#passingOn = passingOnOf(client.constructor);
	}

	async ask(input: unknown, rest: readonly unknown[]): Promise<unknown> {
		const options: unknown = await input;
		if (!isRecord(options)) return this.#send(options, ...rest);
		const known = askedBy(options) ?? this.#sentBefore(options);
		if (known !== undefined) return this.#askOn(known, options, rest);
		const question = this.#begin(options);
		if (question === undefined) return this.#send(options, ...rest);
		const server = question.hidesUsage ? serverAsking(this.#client.baseURL, question.model) : undefined;
		let says = false;
		try {
			const asking = this.#asking(question, options, server);
			says = isNaming(asking);
			const answer = await this.#sendAs(question, asking, rest);
			server?.accepted();
			if (says) this.#learn(question);
			answered(question, answer);
			return answer;
		} catch (error) {
			// It may have been lost, or have come to nothing before: the next one tells.
			if (says && !question.isNamed && this.#passingOn.isSeen === true) this.#passingOn.isSeen = undefined;
			const refusal = server?.refusal(error);
			if (server !== undefined && refusal !== undefined) {
				return await this.#askAgain(question, options, rest, server, refusal);
			}
			failed(question, error);
			throw error;
		} finally {
			question.sentBody = undefined;
		}
	}

	/** It is not public, so it is seen and not known; one that was not passed on is enough. */
	#learn({ isNamed }: Question): void {
		if (!isNamed) this.#passingOn.isSeen = false;
		else this.#passingOn.isSeen ??= true;
	}

	/** A client asks again what it has asked before. */
	async #askOn(question: Question, options: Options, rest: readonly unknown[]): Promise<unknown> {
		try {
			// The copy is ours, or one that the client has made of it: by which it knows it again.
			if (askedBy(options) === undefined) Reflect.set(options, QUESTION, question);
			const answer = await this.#sendAs(question, options, rest);
			answered(question, answer);
			return answer;
		} catch (error) {
			// After an answer had begun nobody else waits for this retry.
			if (question.isAnswered) failed(question, error);
			throw error;
		}
	}

	async #askAgain(
		question: Question,
		options: Options,
		rest: readonly unknown[],
		server: ServerAsking,
		refusal: "named" | "silent",
	): Promise<unknown> {
		question.hidesUsage = false;
		try {
			const answer = await this.#sendAs(question, this.#asking(question, options, undefined), rest);
			server.refused(refusal);
			answered(question, answer);
			return answer;
		} catch (error) {
			server.refusedAnyway();
			failed(question, error);
			throw error;
		}
	}

	/** The same request, as this question: its caller may send the same object again, as another one. */
	#asking(question: Question, options: Options, server: ServerAsking | undefined): Options {
		const own = server === undefined ? options : askingForUsage(options);
		const { fetchOptions = NO_OPTIONS } = options;
		// The client spreads them where it makes others.
		if (question.hasMiddleware) return askingWithin(question, { ...own, [QUESTION]: question });
		if (this.#plain?.isPlain !== true || !isRecord(fetchOptions)) return { ...own, [QUESTION]: question };
		return { ...own, [QUESTION]: question, fetchOptions: { ...fetchOptions, [QUESTION]: question } };
	}

	#sendAs(question: Question, options: Options, rest: readonly unknown[]): Promise<unknown> {
		const [retriesLeft] = rest;
		question.retriesLeft = typeof retriesLeft === "number" ? retriesLeft : this.#maxRetries(options);
		question.sentBy = this;
		question.sentBody = options["body"];
		// To run it in a context costs as much as all else here: so that is only for what needs one.
		return this.#passingOn.isSeen === true && isNaming(options)
			? this.#send(options, ...rest)
			: runInQuestion(question, () => this.#send(options, ...rest));
	}

	/** With new credentials a client sends other options, but the same body. */
	#sentBefore({ body }: Options): Question | undefined {
		const asking = currentQuestion();
		if (asking === undefined || asking.isAnswered || !isRecord(body)) return undefined;
		return asking.sentBy === this && asking.sentBody === body ? asking : undefined;
	}

	/** What stands between a request and its `fetch` in Anthropic's client, and may send others. */
	#hasMiddleware({ middleware: own }: Options): boolean {
		const general: unknown = "middleware" in this.#client ? this.#client.middleware : undefined;
		return isFilled(general) || isFilled(own);
	}

	#maxRetries({ maxRetries: own }: Options): number {
		const general: unknown = "maxRetries" in this.#client ? this.#client.maxRetries : undefined;
		const max = own ?? general;
		return typeof max === "number" ? max : 0;
	}

	#begin(request: Options): Question | undefined {
		try {
			const { body, headers, method, path, signal, stream } = request;
			const { format, operation } = wireRequest(String(method), String(path));
			if (format === "free" || format === "unmetered") return undefined;
			const fields = isRecord(body) ? body : {};
			const model = this.#modelOf(format, fields);
			const isStream = stream === true || fields["stream"] === true;
			const provider = this.#labels.provider ?? providerOfFormat(format);
			const outer = currentCall();
			const hasMiddleware = this.#hasMiddleware(request);
			const call =
				outer ??
				new Call({
					operation,
					route: routeIn(headers) || currentRoute() || this.#labels.route,
					provider,
					model,
					isStream,
					isOneQuestion: true,
					...(signal instanceof AbortSignal ? { signal } : undefined),
				});
			const canAsk = isStream && (format === "openai-chat" || format === "openai-completions");
			return new Question({
				call,
				format,
				provider,
				model,
				isStream,
				endsWith: outer !== undefined ? "neither" : hasMiddleware ? "client" : "answer",
				path: String(path),
				hasController: true,
				hasMiddleware,
				hidesUsage: canAsk && !asksForUsage(fields) && serverAsking(this.#client.baseURL, model).isOn,
			});
		} catch (cause) {
			if (isRefusal(cause)) throw cause;
			reportInternalError("call", "A client's request could not be metered.", cause);
			return undefined;
		}
	}

	/** Azure goes by the deployment, but for its newer APIs. */
	#modelOf(format: WireFormat, { model }: Options): string {
		if (this.#deployment !== undefined && format !== "openai-responses") return this.#deployment;
		return typeof model === "string" && model !== "" ? model : "unknown";
	}
}

function passingOnOf(ofClass: object): PassingOn {
	const known = passingOn.get(ofClass);
	if (known !== undefined) return known;
	const unknown: PassingOn = { isSeen: undefined };
	passingOn.set(ofClass, unknown);
	return unknown;
}

function askedBy(options: Options): Question | undefined {
	// Only we set it.
	return Reflect.get(options, QUESTION) as Question | undefined;
}

/**
 * An answer that our `fetch` has not seen ends the call here: there is nothing more to know of it. One of a client with
 * middleware ends it when it is read.
 */
function answered(question: Question, answer: unknown): void {
	const { call, endsWith, isAnswered } = question;
	if (endsWith === "neither") return;
	if (!isAnswered) call.succeed();
	else if (endsWith === "client") {
		const { controller, response }: Options = isRecord(answer) ? answer : {};
		const signal = controller instanceof AbortController ? controller.signal : undefined;
		// Of whatever implementation: it is read as such by the client.
		endWithGiven(question, response as Response, signal);
	}
}

function failed({ call, endsWith }: Question, error: unknown): void {
	if (endsWith !== "neither") call.fail(error);
}

/**
 * The same request, with a last middleware: what those before it send is of this question, too, also when their answer is
 * read, by whoever reads it.
 */
function askingWithin(question: Question, options: Options): Options {
	const { middleware } = options;
	const own: readonly unknown[] = Array.isArray(middleware) ? middleware : [];
	const within = (request: unknown, next: (request: unknown) => unknown): unknown =>
		runInQuestion(question, () => next(request));
	return { ...options, middleware: [...own, within] };
}

function isNaming({ fetchOptions }: Options): boolean {
	return isRecord(fetchOptions) && QUESTION in fetchOptions;
}

function isFilled(list: unknown): boolean {
	return Array.isArray(list) && list.length > 0;
}

function asksForUsage({ stream_options: options }: Options): boolean {
	return isRecord(options) && options["include_usage"] === true;
}

/** The same request, asking for the usage; the caller's own objects stay as they are. */
function askingForUsage(options: Options): Options {
	const { body } = options;
	if (!isRecord(body)) return { ...options };
	const { stream_options: own } = body;
	const asking = { ...(isRecord(own) ? own : undefined), include_usage: true };
	return { ...options, body: { ...body, stream_options: asking } };
}

/** Clients take headers in many forms; `fetch` knows most of them. */
export function routeIn(headers: unknown): string | null {
	if (headers === undefined || headers === null || typeof headers !== "object") return null;
	const values: unknown = "values" in headers && headers.values instanceof Headers ? headers.values : headers;
	if (values instanceof Headers) return values.get(ROUTE_HEADER);
	const named = Object.entries(values ?? {}).find(([name]) => name.toLowerCase() === ROUTE_HEADER);
	if (named !== undefined) return typeof named[1] === "string" ? named[1] : null;
	// Pairs, or nothing of ours.
	return Array.isArray(values) ? requestHeader("", { headers: values }, ROUTE_HEADER) : null;
}
