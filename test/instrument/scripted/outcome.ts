/** What a caller sees of one row, in a form that two runs can be compared by. */
export type Outcome =
	| { readonly kind: "value"; readonly value: unknown }
	| { readonly kind: "error"; readonly error: ReducedError }
	/** The events that came, how it ended, and the error if it ended in one. */
	| {
			readonly kind: "events";
			readonly events: readonly unknown[];
			readonly text: string;
			readonly error?: ReducedError;
	  };

export interface ReducedError {
	readonly className: string;
	readonly name: unknown;
	readonly status: unknown;
	readonly code: unknown;
	readonly type: unknown;
	readonly message: unknown;
	/** The error that it wraps: its `cause`, or the last of an AI SDK `RetryError`. */
	readonly cause?: ReducedError;
}

/** The fields of an error that a caller goes by; `status` is the AI SDK's `statusCode` as well. */
export function reduceError(error: unknown): ReducedError {
	if (typeof error !== "object" || error === null) {
		return {
			className: typeof error,
			name: undefined,
			status: undefined,
			code: undefined,
			type: undefined,
			message: String(error),
		};
	}
	const fields = error as Readonly<Record<string, unknown>>;
	const inner = fields["cause"] ?? fields["lastError"];
	return {
		className: error.constructor?.name ?? "Object",
		name: fields["name"],
		status: fields["status"] ?? fields["statusCode"],
		code: fields["code"],
		type: fields["type"],
		message: fields["message"],
		...(inner === undefined ? undefined : { cause: reduceError(inner) }),
	};
}

/** What differs between two runs of the same, by what it is called: ids that a library makes up, times, durations. */
const VOLATILE: ReadonlySet<string> = new Set([
	"timestamp",
	"callId",
	"messageId",
	"performance",
	"startTime",
]);

/** An id that the AI SDK makes up where the provider has sent none. */
const MADE_UP_ID = /^aitxt-\w{24}$/;

/**
 * A value as plain data: each object with the name of its class and its own properties, those that are hidden
 * included (`_request_id`), getters and methods not. Two answers are the same to a caller when these are deep-equal.
 */
export function comparable(value: unknown): unknown {
	return project(value, new Set());
}

function project(value: unknown, above: ReadonlySet<object>): unknown {
	if (typeof value === "function") return "a function";
	if (typeof value === "string") return MADE_UP_ID.test(value) ? "differs" : value;
	if (typeof value !== "object" || value === null) return value;
	if (above.has(value)) return "a circle";
	const inside = new Set([...above, value]);
	if (Array.isArray(value)) return value.map((element) => project(element, inside));
	if (value instanceof Date) return value.toISOString();
	if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
	// A response that is kept for later says nothing but its status.
	if (value instanceof Response) return { class: "Response", status: value.status };
	if (value instanceof Headers) return { class: "Headers", entries: [...value] };
	const fields: Record<string, unknown> = {};
	for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
		if (!("value" in descriptor)) continue;
		fields[name] = VOLATILE.has(name) ? "differs" : project(descriptor.value, inside);
	}
	const className: unknown = Object.getPrototypeOf(value)?.constructor?.name;
	return className === "Object" ? fields : { class: className, ...fields };
}

/**
 * An outcome in a few words: "value", "11 events", "3 events, then APIError server_error". An error is told by its class,
 * its `name` where that says something else, its status, and its code or its type.
 */
export function inShort(outcome: Outcome): string {
	switch (outcome.kind) {
		case "value":
			return outcome.value === undefined ? "no value" : "value";
		case "error":
			return errorInShort(outcome.error);
		case "events": {
			const events = `${outcome.events.length} events`;
			return outcome.error === undefined ? events : `${events}, then ${errorInShort(outcome.error)}`;
		}
	}
}

function errorInShort({ className, code, name, status, type }: ReducedError): string {
	const isOwnName = name === "Error" || name === className || name === `AI_${className}`;
	return [className, isOwnName ? undefined : `(${String(name)})`, status, code ?? type]
		.flatMap((word) => (typeof word === "string" || typeof word === "number" ? [String(word)] : []))
		.join(" ");
}
