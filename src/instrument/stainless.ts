import { Call } from "../monitoring/call.ts";
import { currentCall } from "../monitoring/current-call.ts";
import { currentRoute } from "../monitoring/current-route.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { observedFetch } from "../monitoring/metered-fetch.ts";
import { newQuestion, type Question, runInQuestion } from "../monitoring/question.ts";
import { requestHeader, ROUTE_HEADER } from "../monitoring/request-headers.ts";
import { isRecord } from "../wire/is-record.ts";
import { providerOfFormat, providerOfHost } from "../wire/provider-of-host.ts";
import { streamOptionsRefusal, UsageAsking } from "../wire/usage-asking.ts";
import { wireRequest } from "../wire/wire-format.ts";
import type { InstrumentOptions } from "./instrument-options.ts";

type Fetch = typeof globalThis.fetch;
type Ask = (options: unknown, ...rest: unknown[]) => Promise<unknown>;

/**
 * As far as we know the clients of `openai` and `@anthropic-ai/sdk`, which one generator makes. All requests go through
 * `makeRequest(options, retriesLeft, …)`, their retries too, and through `fetch`; neither is in the public types.
 */
interface StainlessClient {
	readonly baseURL: string;
	readonly fetch: Fetch;
	readonly makeRequest: Ask;
	readonly withOptions: (options: object) => StainlessClient;
}

/** The clients that we made, and what of them is not ours. */
const made = new WeakMap<object, { readonly from: StainlessClient }>();
/** What each `fetch` that we made sends with. */
const senders = new WeakMap<Fetch, Fetch>();

/** Whether something is a client of that kind. */
export function isStainlessClient(value: object): value is StainlessClient {
	const client: Partial<Record<keyof StainlessClient, unknown>> = value;
	return (
		typeof client.makeRequest === "function" &&
		typeof client.withOptions === "function" &&
		typeof client.fetch === "function" &&
		typeof client.baseURL === "string"
	);
}

/** The same client, with its own `makeRequest` and `fetch`; the one that was given stays as it is. */
export function instrumentStainless(client: StainlessClient, options: InstrumentOptions): StainlessClient {
	const from = made.get(client)?.from ?? client;
	return meter(from.withOptions(ownOptions(from)), from, options);
}

function meter(client: StainlessClient, from: StainlessClient, options: InstrumentOptions): StainlessClient {
	const send = senders.get(client.fetch) ?? client.fetch;
	const provider = options.provider ?? (isAzure(client) ? "azure" : providerOfHost(client.baseURL));
	const fetch = observedFetch(send, { ...options, provider }, false);
	senders.set(fetch, send);
	const questions = new Questions(client, client.makeRequest.bind(client), { ...options, provider });
	const { withOptions } = client;
	hide(client, "fetch", fetch);
	hide(client, "makeRequest", (input: unknown, ...rest: unknown[]) => questions.ask(input, rest));
	// What comes of it has our `fetch` in its options, and is metered once all the same.
	hide(client, "withOptions", (more: object) => {
		const clone = Reflect.apply(withOptions, client, [more]);
		return meter(clone, clone, options);
	});
	made.set(client, { from });
	return client;
}

/** What AzureOpenAI of openai 5 and 6 leaves out of a copy. */
function ownOptions(client: object): object {
	return isAzure(client) ? { apiVersion: client.apiVersion, deployment: client.deploymentName } : {};
}

/** AzureOpenAI has the version of its API, whatever a bundler calls its class. */
function isAzure(
	client: object,
): client is { readonly apiVersion: unknown; readonly deploymentName: unknown } {
	return "apiVersion" in client && "deploymentName" in client;
}

function hide(target: object, name: string, value: unknown): void {
	Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}

interface RequestOptions {
	readonly method?: unknown;
	readonly path?: unknown;
	readonly body?: unknown;
	readonly stream?: unknown;
	readonly signal?: unknown;
	readonly headers?: unknown;
	readonly maxRetries?: unknown;
}

/** Begins a call for each request that an API of ours answers, and tells it of a failure; its answer ends it. */
class Questions {
	readonly #client: StainlessClient;
	readonly #send: Ask;
	readonly #options: InstrumentOptions;
	readonly #usageAsking = new UsageAsking();
	/** By the very options that the client sends: it sends them again when it retries. */
	readonly #sent = new WeakMap<object, Question>();

	constructor(client: StainlessClient, send: Ask, options: InstrumentOptions) {
		this.#client = client;
		this.#send = send;
		this.#options = options;
	}

	async ask(input: unknown, rest: readonly unknown[]): Promise<unknown> {
		const options: unknown = await input;
		const known = isRecord(options) ? this.#sent.get(options) : undefined;
		if (known !== undefined) return this.#sendAs(known, options, rest);
		const question = isRecord(options) ? this.#begin(options) : undefined;
		if (question === undefined || !isRecord(options)) return this.#send(options, ...rest);
		const asking = question.hidesUsage ? askingForUsage(options) : options;
		try {
			const answer = await this.#sendAs(question, asking, rest);
			if (question.hidesUsage) this.#usageAsking.accepted();
			this.#answered(question);
			return answer;
		} catch (error) {
			const refusal = question.hidesUsage ? streamOptionsRefusal(error) : undefined;
			if (refusal === undefined) {
				this.#failed(question, error);
				throw error;
			}
			question.hidesUsage = false;
			try {
				const answer = await this.#sendAs(question, options, rest);
				this.#usageAsking.refused(refusal);
				this.#answered(question);
				return answer;
			} catch (again) {
				this.#failed(question, again);
				throw again;
			}
		}
	}

	#sendAs(question: Question, options: unknown, rest: readonly unknown[]): Promise<unknown> {
		const [retriesLeft] = rest;
		question.retriesLeft = typeof retriesLeft === "number" ? retriesLeft : this.#maxRetries(options);
		// It is an object: nothing else has a question.
		this.#sent.set(options as object, question);
		return runInQuestion(question, () => this.#send(options, ...rest));
	}

	#maxRetries(options: unknown): number {
		const own = isRecord(options) ? options["maxRetries"] : undefined;
		const general: unknown = "maxRetries" in this.#client ? this.#client.maxRetries : undefined;
		const max = own ?? general;
		return typeof max === "number" ? max : 0;
	}

	#begin(request: RequestOptions): Question | undefined {
		try {
			const { body, headers, method, path, signal } = request;
			const wire = wireRequest(String(method), String(path));
			const { format, operation } = wire;
			if (format === "free" || format === "unmetered") return undefined;
			const fields = isRecord(body) ? body : {};
			const model =
				typeof fields["model"] === "string" && fields["model"] !== "" ? fields["model"] : "unknown";
			const isStream = request.stream === true || fields["stream"] === true;
			const provider = this.#options.provider ?? providerOfFormat(format);
			const outer = currentCall();
			const call =
				outer ??
				new Call({
					operation,
					route: routeIn(headers) || currentRoute() || this.#options.route,
					provider,
					model,
					isStream,
					isOneQuestion: true,
					...(signal instanceof AbortSignal ? { signal } : undefined),
				});
			const canAsk = format === "openai-chat" || format === "openai-completions";
			return newQuestion({
				call,
				format,
				provider,
				model,
				isStream,
				endsWith: outer === undefined ? "answer" : "neither",
				hasController: true,
				hidesUsage: canAsk && isStream && this.#usageAsking.isOn && !asksForUsage(fields),
			});
		} catch (cause) {
			reportInternalError("call", "A client's request could not be metered.", cause);
			return undefined;
		}
	}

	/** An answer that our `fetch` has not seen ends the call here: there is nothing more to know of it. */
	#answered({ call, endsWith, isAnswered }: Question): void {
		if (endsWith === "answer" && !isAnswered) call.succeed();
	}

	#failed({ call, endsWith }: Question, error: unknown): void {
		if (endsWith === "answer") call.fail(error);
	}
}

function asksForUsage(body: Readonly<Record<string, unknown>>): boolean {
	const { stream_options: options } = body;
	return isRecord(options) && options["include_usage"] === true;
}

/** The same request, asking for the usage; the caller's own objects stay as they are. */
function askingForUsage(options: Readonly<Record<string, unknown>>): unknown {
	const { body } = options;
	if (!isRecord(body)) return options;
	const { stream_options: own } = body;
	const asking = { ...(isRecord(own) ? own : undefined), include_usage: true };
	return { ...options, body: { ...body, stream_options: asking } };
}

/** Clients take headers in many forms; `fetch` knows most of them. */
function routeIn(headers: unknown): string | null {
	if (headers === undefined || headers === null || typeof headers !== "object") return null;
	const values: unknown = "values" in headers && headers.values instanceof Headers ? headers.values : headers;
	if (values instanceof Headers) return values.get(ROUTE_HEADER);
	const named = Object.entries(values ?? {}).find(([name]) => name.toLowerCase() === ROUTE_HEADER);
	if (named !== undefined) return typeof named[1] === "string" ? named[1] : null;
	// Pairs, or nothing of ours.
	return Array.isArray(values) ? requestHeader("", { headers: values }, ROUTE_HEADER) : null;
}
