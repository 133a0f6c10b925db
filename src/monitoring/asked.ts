import { isRecord } from "../wire/is-record.ts";

/** What a request's body says of what is asked. */
export interface Asked {
	/** `undefined` where the body does not say, or cannot be read without taking it from its sender. */
	readonly model: string | undefined;
	readonly isStream: boolean;
}

const NOTHING: Asked = { model: undefined, isStream: false };

/** Reads the body of a request: JSON as text or bytes, or a form. */
export async function readAsked(
	input: string | URL | Request,
	init: RequestInit | undefined,
): Promise<Asked> {
	const body: unknown = init?.body;
	if (body === undefined || body === null) {
		// A Request's body can be read once, so its copy is.
		return input instanceof Request && input.body !== null ? fromJson(await input.clone().text()) : NOTHING;
	}
	if (typeof body === "string") return fromJson(body);
	if (body instanceof FormData)
		return fromFields({ model: body.get("model"), stream: body.get("stream") === "true" });
	if (body instanceof ArrayBuffer) return fromJson(Buffer.from(body).toString("utf8"));
	if (!ArrayBuffer.isView(body)) return NOTHING;
	return fromJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
}

function fromFields(body: unknown): Asked {
	if (!isRecord(body)) return NOTHING;
	const { model, stream } = body;
	return { model: typeof model === "string" && model !== "" ? model : undefined, isStream: stream === true };
}

function fromJson(text: string): Asked {
	try {
		return fromFields(JSON.parse(text));
	} catch {
		return NOTHING;
	}
}
