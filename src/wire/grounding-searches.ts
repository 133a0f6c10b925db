import { isRecord } from "./is-record.ts";

/**
 * The searches that Gemini grounds an answer in, of which no usage tells. Each different query is billed, and an empty one
 * is none; of the models before Gemini 3 the answer is, whatever it has searched for.
 * https://ai.google.dev/gemini-api/docs/google-search
 */
export class GroundingSearches {
	readonly #queries = new Set<unknown>();

	/** Takes the `groundingMetadata` of a candidate. The answer is whether it has a query that is new. */
	add(metadata: unknown): boolean {
		if (!isRecord(metadata)) return false;
		const before = this.#queries.size;
		for (const list of [metadata["webSearchQueries"], metadata["imageSearchQueries"]]) {
			for (const query of Array.isArray(list) ? list : []) {
				if (typeof query === "string" && query !== "") this.#queries.add(query);
			}
		}
		return this.#queries.size > before;
	}

	/**
	 * How many are billed; `undefined` where there was none.
	 *
	 * @param model the one that answers
	 */
	billed(model: string | undefined): number | undefined {
		const { size } = this.#queries;
		if (size === 0) return undefined;
		return BILLED_BY_ANSWER.test(model ?? "") ? 1 : size;
	}
}

const BILLED_BY_ANSWER = /gemini-[12]\./;
