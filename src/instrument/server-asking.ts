import { streamOptionsRefusal, UsageAsking } from "../wire/usage-asking.ts";

/** How many servers are remembered, and of each how many models. */
const MAX_KNOWN = 1000;

/** A server, whatever stands behind it. */
interface Server {
	/** It has answered a request that asked. */
	hasAccepted: boolean;
	readonly models: Map<string, ServerAsking>;
}

/** What is known of one model of a server: whether the usage of a stream can be asked of it. */
export class ServerAsking {
	readonly #asking = new UsageAsking();
	readonly #server: Server;
	/** A refusal in vague words was one of something else. */
	#wasVain = false;

	constructor(server: Server) {
		this.#server = server;
	}

	/** Until it has refused to be asked. */
	get isOn(): boolean {
		return this.#asking.isOn;
	}

	/** A request that asked was answered. */
	accepted(): void {
		this.#server.hasAccepted = true;
		this.#asking.accepted();
	}

	/** A request that had asked was refused, and without asking it was answered. */
	refused(refusal: "named" | "silent"): void {
		this.#asking.refused(refusal);
	}

	/** Nor was the request answered when it did not ask. */
	refusedAnyway(): void {
		this.#wasVain = true;
	}

	/**
	 * Whether a refusal may be one of being asked, so that the request is worth another one that does not ask: a server that
	 * has never been asked before might say it in any words. One that points at something else does not mean this.
	 */
	refusal(error: unknown): "named" | "silent" | undefined {
		const told = streamOptionsRefusal(error);
		const isKnown = this.#server.hasAccepted || this.#wasVain;
		if (told !== undefined || isKnown || !(error instanceof Error)) return told;
		const said: object = error;
		const { code, param, status }: { code?: unknown; param?: unknown; status?: unknown } = said;
		const isVague = typeof code !== "string" && typeof param !== "string";
		return (status === 400 || status === 422) && isVague ? "silent" : undefined;
	}
}

const servers = new Map<string, Server>();

/**
 * What is known of a model at that base URL, whichever client asks it: a proxy has many servers behind one, of which one may
 * refuse.
 */
export function serverAsking(baseURL: string, model: string): ServerAsking {
	const server: Server = remembered(servers, baseURL, () => ({
		hasAccepted: false,
		models: new Map<string, ServerAsking>(),
	}));
	return remembered(server.models, model, () => new ServerAsking(server));
}

function remembered<T>(known: Map<string, T>, name: string, make: () => T): T {
	const before = known.get(name);
	if (before !== undefined) return before;
	const made = make();
	known.set(name, made);
	const [oldest] = known.keys();
	if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
	return made;
}
