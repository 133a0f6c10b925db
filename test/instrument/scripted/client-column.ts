import type { ApiName } from "./api-script.ts";

/** How a client is made. `wrap` is where a test instruments it: the plain run leaves it out. */
export interface ConnectOptions {
	readonly baseURL: string;
	readonly fetch?: typeof fetch | undefined;
	readonly wrap?: (<T extends object>(client: T) => T) | undefined;
	/** How often a refused request is tried again (0: the libraries' own defaults are slow in tests). */
	readonly maxRetries?: number | undefined;
	/** The client's own time limit (none). */
	readonly timeoutMs?: number | undefined;
}

export interface CallOptions {
	readonly signal?: AbortSignal | undefined;
	/** Whether a stream is to tell its usage, where the API leaves it to the caller and the library to theirs (true). */
	readonly askUsage?: boolean | undefined;
	/** Offers the tool of the scripted tool call (false). */
	readonly tool?: boolean | undefined;
}

/** A client, seen as what all of them can do. */
export interface ScriptedClient {
	/** The parsed answer, as the library gives it. */
	complete(options?: CallOptions): Promise<unknown>;
	/** The parsed events, as the library gives them; what it throws is thrown by the iteration. */
	stream(options?: CallOptions): AsyncGenerator<unknown, void, undefined>;
	/** The answer's text in an event, "" where it has none. */
	textOf(event: unknown): string;
}

/** A column of the matrix. */
export interface ClientColumn {
	readonly api: ApiName;
	/** The library sends the option itself when asked for usage; `false` where the API tells usage always. */
	readonly canAskUsage: boolean;
	connect(options: ConnectOptions): ScriptedClient;
}

/** What every client asks. Nothing of it may ever be found in what is recorded. */
export const PROMPT: string = "planted-prompt-7c1e: say something in three alphabets";

/** The key of every client. */
export const API_KEY: string = "planted-key-b94d";

/** The client itself, or what the test makes of it. */
export function wrapped<T extends object>(client: T, { wrap }: ConnectOptions): T {
	return wrap === undefined ? client : wrap(client);
}

/** The options without those that are `undefined`: libraries read an explicit one as a value. */
export function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	// Only values that are `undefined` are taken out.
	return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
