import type { IncomingMessage } from "node:http";
import { isRecord } from "../wire/is-record.ts";

/** The list at a place of a body where a list may be. */
export function list(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

/** The whole number at a place of a body where one may be. */
export function integer(value: unknown): number | undefined {
	return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

/** What a message or a system prompt says: its text, or the texts of its parts. */
export function textOf(content: unknown): string {
	if (typeof content === "string") return content;
	return list(content)
		.map((part) => (isRecord(part) ? textOf(part["text"] ?? part["content"] ?? "") : ""))
		.join("\n");
}

/** The JSON object of a request; `undefined` when it is none. */
export async function readJson(
	request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>> | undefined> {
	let text = "";
	request.setEncoding("utf8");
	for await (const chunk of request) text += String(chunk);
	try {
		const body: unknown = JSON.parse(text);
		return isRecord(body) ? body : undefined;
	} catch {
		return undefined;
	}
}
