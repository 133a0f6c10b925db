import { isRefusal } from "../core/call-gate.ts";
import { Call } from "../monitoring/call.ts";
import { currentCall, currentQuestion, runInQuestion } from "../monitoring/current-call.ts";
import { currentRoute } from "../monitoring/current-route.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { newQuestion, type Question } from "../monitoring/question.ts";
import { endWithGiven } from "../monitoring/read-answer.ts";
import { requestHeader, ROUTE_HEADER } from "../monitoring/request-headers.ts";
import { isRecord } from "../wire/is-record.ts";
import { providerOfFormat } from "../wire/provider-of-host.ts";
import { type WireFormat, wireRequest } from "../wire/wire-format.ts";
import type { InstrumentOptions } from "./instrument-options.ts";
import { type ServerAsking, serverAsking } from "./server-asking.ts";

/** A client's `makeRequest`: its options, or a promise of them, how many retries are left, and what is the client's own. */
export type Ask = (options: unknown, ...rest: unknown[]) => Promise<unknown>;

type Options = Readonly<Record<string, unknown>>;

/** Where the options that a client sends say what question they are of: it sends them again when it retries. */
const ASKED: unique symbol = Symbol("hyperagent.question");

interface Sending {
	readonly question: Question;
	readonly body: unknown;
}

/** Begins a call for each request that an API of ours answers, and tells it of a failure; its answer ends it. */
export class StainlessQuestions {
	readonly #client: { readonly baseURL: string };
	readonly #send: Ask;
	readonly #labels: InstrumentOptions;
	readonly #deployment: string | undefined;
	/** What is being sent: with new credentials the client sends other options, but the same body. */
	readonly #sending = new Set<Sending>();

	constructor(
		client: { readonly baseURL: string },
		send: Ask,
		labels: InstrumentOptions,
		deployment: string | undefined,
	) {
		this.#client = client;
		this.#send = send;
		this.#labels = labels;
		this.#deployment = deployment;
	}

	async ask(input: unknown, rest: readonly unknown[]): Promise<unknown> {
		const options: unknown = await input;
		if (!isRecord(options)) return this.#send(options, ...rest);
		const known = askedBy(options) ?? this.#sentBefore(options);
		if (known !== undefined) {
			try {
				const answer = await this.#sendAs(known, options, rest);
				answered(known, answer);
				return answer;
			} catch (error) {
				// After an answer had begun nobody else waits for this retry.
				if (known.isAnswered) failed(known, error);
				throw error;
			}
		}
		const question = this.#begin(options);
		if (question === undefined) return this.#send(options, ...rest);
		const server = question.hidesUsage ? serverAsking(this.#client.baseURL, question.model) : undefined;
		try {
			// The caller may send the same object again, as another question.
			const own = server === undefined ? { ...options } : askingForUsage(options);
			const asking = this.#hasMiddleware(own) ? askingWithin(question, own) : own;
			const answer = await this.#sendAs(question, asking, rest);
			server?.accepted();
			answered(question, answer);
			return answer;
		} catch (error) {
			const refusal = server?.refusal(error);
			if (server !== undefined && refusal !== undefined) {
				return this.#askAgain(question, { ...options }, rest, server, refusal);
			}
			failed(question, error);
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
			const answer = await this.#sendAs(question, options, rest);
			server.refused(refusal);
			answered(question, answer);
			return answer;
		} catch (error) {
			server.refusedAnyway();
			failed(question, error);
			throw error;
		}
	}

	async #sendAs(question: Question, options: Options, rest: readonly unknown[]): Promise<unknown> {
		const [retriesLeft] = rest;
		question.retriesLeft = typeof retriesLeft === "number" ? retriesLeft : this.#maxRetries(options);
		// The copy is ours, and the client spreads it where it makes another.
		Reflect.set(options, ASKED, question);
		const sending: Sending = { question, body: options["body"] };
		this.#sending.add(sending);
		try {
			return await runInQuestion(question, () => this.#send(options, ...rest));
		} finally {
			this.#sending.delete(sending);
		}
	}

	#sentBefore({ body }: Options): Question | undefined {
		const asking = currentQuestion();
		const isIt = asking !== undefined && !asking.isAnswered && isRecord(body);
		if (!isIt) return undefined;
		const isSame = (sending: Sending): boolean => sending.question === asking && sending.body === body;
		return [...this.#sending].some(isSame) ? asking : undefined;
	}

	/** What stands between a request and its `fetch` in Anthropic's client, and may send others. */
	#hasMiddleware({ middleware: own }: Options): boolean {
		const general: unknown = "middleware" in this.#client ? this.#client.middleware : undefined;
		return [general, own].some((middleware) => Array.isArray(middleware) && middleware.length > 0);
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
			return newQuestion({
				call,
				format,
				provider,
				model,
				isStream,
				endsWith: outer !== undefined ? "neither" : this.#hasMiddleware(request) ? "client" : "answer",
				hasController: true,
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

function askedBy(options: Options): Question | undefined {
	// Only we set it.
	return Reflect.get(options, ASKED) as Question | undefined;
}

/**
 * An answer that our `fetch` has not seen ends the call here: there is nothing more to know of it. One of a client with
 * middleware ends it when it is read.
 */
function answered(question: Question, answer: unknown): void {
	const { call, endsWith, isAnswered } = question;
	if (endsWith === "neither") return;
	const { controller, response }: Options = isRecord(answer) ? answer : {};
	if (!isAnswered) call.succeed();
	else if (endsWith === "client") {
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
