import type { StreamEvent } from "../../src/providers/llm-backend.ts";

/** All events of a stream. */
export async function collect(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
	const events: StreamEvent[] = [];
	for await (const event of stream) events.push(event);
	return events;
}

/** The text of a streamed answer. */
export function textOf(events: readonly StreamEvent[]): string {
	return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

/** What a promise, or a stream that is read to its end, fails with. */
export async function failureOf(work: Promise<unknown> | AsyncIterable<StreamEvent>): Promise<unknown> {
	try {
		await (Symbol.asyncIterator in work ? collect(work) : work);
	} catch (error) {
		return error;
	}
	throw new Error("it did not fail");
}

/** The value at that path of a JSON value; `undefined` for `null` and for nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
	let found = value;
	for (const key of path) {
		found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
	}
	return found ?? undefined;
}

/** The text at that path, or none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
	const found = at(value, ...path);
	return typeof found === "string" ? found : "";
}
