/** The recorded provider responses, which live beside the repository and are never copied into it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER: string = join(import.meta.dirname, "../../../shared/recordings");

/** Why the tests on recordings are skipped, or `undefined` when they are not. */
export const recordingsAbsent: string | undefined = existsSync(FOLDER)
	? undefined
	: "the recorded responses (../shared/recordings) are absent";

/** The names of the recordings of one API with that ending (".json", ".chunks.txt"), in order. */
export function recordingsOf(api: string, ending: string): readonly string[] {
	if (recordingsAbsent !== undefined) return [];
	return readdirSync(join(FOLDER, api))
		.filter((name) => name.endsWith(ending))
		.toSorted();
}

/** The body of a recorded response. */
export function recordedBody(api: string, name: string): unknown {
	return JSON.parse(recordedText(api, name));
}

/** The events of a recorded stream, each as the text that was its `data`. */
export function recordedEvents(api: string, name: string): readonly string[] {
	return recordedText(api, name)
		.split("\n")
		.filter((line) => line !== "");
}

function recordedText(api: string, name: string): string {
	return readFileSync(join(FOLDER, api, name), "utf8");
}
