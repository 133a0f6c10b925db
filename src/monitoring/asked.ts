import { isRecord } from "../wire/is-record.ts";
import { isRequest } from "./fetch-scope.ts";
import { digestOf, JsonDigest } from "./json-digest.ts";

/** What a request's body says of what is asked. */
export interface Asked {
	/** `undefined` where the body does not say, or cannot be read without taking it from its sender. */
	readonly model: string | undefined;
	readonly isStream: boolean;
}

const NOTHING: Asked = { model: undefined, isStream: false };

/**
 * Reads the body of a request: JSON as text or bytes, or a form. Only that of a Request takes a while, and none longer
 * than until the event loop's next turn; what comes as a stream or a Blob is left alone.
 */
export function readAsked(
	input: string | URL | Request,
	init: RequestInit | undefined,
): Asked | Promise<Asked> {
	const body: unknown = init?.body;
	if (typeof body === "string") return skimmed(body) ?? fromFields(digestOf(body));
	if (body === undefined || body === null) return isRequest(input) ? fromRequest(input) : NOTHING;
	if (body instanceof ArrayBuffer) return fromBytes(new Uint8Array(body));
	if (ArrayBuffer.isView(body))
		return fromBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
	if (body instanceof FormData || body instanceof URLSearchParams)
		return fromFields({ model: body.get("model"), stream: body.get("stream") === "true" });
	return NOTHING;
}

const FIRST_MODEL: RegExp = /^\s*\{\s*"model"\s*:\s*"([^"\\]+)"/;
const STREAM: RegExp = /"stream"\s*:\s*(true|false)\s*[,}]/y;

/**
 * What most clients send, without parsing the conversation: the model stands first, and no other field has its name, nor
 * that of the other one. A quote in a text is escaped, so these names are names.
 */
function skimmed(json: string): Asked | undefined {
	const [start, model] = FIRST_MODEL.exec(json) ?? [];
	if (start === undefined || json.includes('"model"', start.length)) return undefined;
	const at = json.indexOf('"stream"', start.length);
	if (at === -1) return { model, isStream: false };
	STREAM.lastIndex = at;
	const [, isStream] = STREAM.exec(json) ?? [];
	if (isStream === undefined || json.includes('"stream"', at + 8)) return undefined;
	return { model, isStream: isStream === "true" };
}

function fromFields(body: unknown): Asked {
	if (!isRecord(body)) return NOTHING;
	const { model, stream } = body;
	return { model: typeof model === "string" && model !== "" ? model : undefined, isStream: stream === true };
}

function fromBytes(bytes: Uint8Array): Asked {
	const digest = new JsonDigest();
	digest.push(bytes);
	return digest.isTooLarge ? NOTHING : fromFields(digest.value());
}

/** The body of a Request can be read once, so its copy is: at once, before it is sent. */
function fromRequest(request: Request): Asked | Promise<Asked> {
	// Other implementations have other streams.
	const body: Partial<ReadableStream> | null = request.body;
	if (typeof body?.getReader !== "function" || body.locked === true || request.bodyUsed) return NOTHING;
	const type = request.headers.get("content-type") ?? "";
	if (!/json|text\/plain/i.test(type) && type !== "") return NOTHING;
	const copy = request.clone().body;
	return copy === null ? NOTHING : fromCopy(copy.getReader());
}

/** What is in memory is here before the event loop's next turn; what comes from elsewhere is not waited for. */
async function fromCopy(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Asked> {
	const digest = new JsonDigest();
	let isLate = false;
	const turn = setImmediate(() => {
		isLate = true;
		// The pending read ends with that.
		void reader.cancel().catch(() => undefined);
	});
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			digest.push(value);
		}
	} catch {
		// A body that fails: its sender will hear of it.
		return NOTHING;
	} finally {
		clearImmediate(turn);
	}
	return isLate || digest.isTooLarge ? NOTHING : fromFields(digest.value());
}
