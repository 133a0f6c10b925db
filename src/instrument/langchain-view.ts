import { boundCaller, meteredClient } from "./langchain-client.ts";
import { type Labels, meteredGenerate, meteredStream, ROUTE } from "./langchain-meter.ts";
import { isChatModel } from "./langchain-model.ts";
import { isRecord } from "../wire/is-record.ts";

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

const views = new WeakSet<object>();

/** A model as it is, but metered. Methods run with the view as `this`, so that what they bind or ask is the view. */
export function viewOf<T extends object>(model: T, labels: Labels): T {
	const view = new Proxy(model, new ModelView(model, labels));
	views.add(view);
	return view;
}

/** Where the SDK clients are that classes of LangChain make at their first call. */
const CLIENTS: ReadonlySet<string | symbol> = new Set(["client", "batchClient", "streamingClient"]);

class ModelView<T extends object> implements ProxyHandler<T> {
	readonly #model: T;
	readonly #labels: Labels;
	/** The clients that were made through the view: the model itself makes its own. */
	readonly #clients = new Map<string | symbol, unknown>();
	/** By name: a method, and what is called instead of it. */
	readonly #methods = new Map<string, readonly [method: Method, replacement: Method]>();
	/** Of each object in a field the view. */
	readonly #parts = new WeakMap<object, unknown>();

	constructor(model: T, labels: Labels) {
		this.#model = model;
		this.#labels = labels;
	}

	get(target: T, key: string | symbol): unknown {
		const value: unknown = this.#clients.has(key) ? this.#clients.get(key) : Reflect.get(target, key, target);
		if (typeof key === "symbol") return value;
		// The cast: of a function nothing is known but that it can be called.
		if (typeof value === "function") return this.#methodOf(key, value as Method);
		return typeof value === "object" && value !== null ? this.#partOf(key, value) : value;
	}

	set(target: T, key: string | symbol, value: unknown): boolean {
		if (!CLIENTS.has(key)) return Reflect.set(target, key, value, target);
		this.#clients.set(key, value);
		return true;
	}

	#partOf(key: string, part: object): unknown {
		const isClient = CLIENTS.has(key);
		// ChatOpenAI has a model for each of its APIs.
		const isModel = !isClient && key !== "caller" && !views.has(part) && isChatModel(part);
		if (!isClient && key !== "caller" && !isModel) return part;
		let view = this.#parts.get(part);
		if (view === undefined) {
			if (isModel) view = viewOf(part, this.#labels);
			else view = isClient ? meteredClient(part, this.#labels) : boundCaller(part);
			this.#parts.set(part, view);
		}
		return view;
	}

	#methodOf(name: string, method: Method): Method {
		const known = this.#methods.get(name);
		if (known?.[0] === method) return known[1];
		const replacement = this.#replacementOf(name, method);
		if (replacement === undefined) return method;
		this.#methods.set(name, [method, replacement]);
		return replacement;
	}

	#replacementOf(name: string, method: Method): Method | undefined {
		const model = this.#model;
		const labels = this.#labels;
		switch (name) {
			case "_generate":
				return function (...args) {
					return meteredGenerate(model, labels, (given) => Reflect.apply(method, this, given), args);
				};
			case "_streamResponseChunks":
			case "_streamChatModelEvents":
				// LangChain compares it with the base class's to see whether the model can stream.
				if (!isOverridden(model, name, method)) return undefined;
				return function (...args) {
					return meteredStream(model, labels, (given) => Reflect.apply(method, this, given), args);
				};
			case "_separateRunnableConfigFromCallOptions":
			case "_separateRunnableConfigFromCallOptionsCompat":
				return function (...args) {
					return withRouteOf(Reflect.apply(method, this, args));
				};
		}
		if (!/^(with|bind)/.test(name)) return undefined;
		return function (...args) {
			const made: unknown = Reflect.apply(method, this, args);
			// Some make a new model of their own class, others wrap the view.
			const isUnmetered = typeof made === "object" && made !== null && !views.has(made) && isChatModel(made);
			return isUnmetered ? viewOf(made, labels) : made;
		};
	}
}

/** Whether a method is another than that of `BaseChatModel`, which is the last in the chain to have it. */
function isOverridden(model: object, name: string, method: Method): boolean {
	let last: unknown;
	let owner: unknown = model;
	while (isRecord(owner)) {
		if (Object.hasOwn(owner, name)) last = owner[name];
		owner = Object.getPrototypeOf(owner);
	}
	return method !== last;
}

/** A generation is told its call's options without the metadata, so the route in these goes along under a symbol. */
function withRouteOf(separated: unknown): unknown {
	if (!Array.isArray(separated)) return separated;
	const config: unknown = separated[0];
	const options: unknown = separated[1];
	const metadata = isRecord(config) ? config["metadata"] : undefined;
	const route = isRecord(metadata) ? metadata["hyperagent_route"] : undefined;
	if (typeof route === "string" && route !== "" && isRecord(options)) Reflect.set(options, ROUTE, route);
	return separated;
}
