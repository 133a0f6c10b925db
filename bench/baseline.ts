import { do_not_optimize } from "mitata";
import type { Contender, OperationName } from "./contender.ts";
import { decodeLabels, nextRequest, REQUESTS } from "./workload.ts";

/**
 * Does what every contender's iteration does around its client: finding the request, and its handle where it has one, or
 * decoding its labels.
 */
export function createBaseline(): Contender {
	return {
		operation: iteration,
		fill: () => undefined,
		change: () => undefined,
		scrape: () => undefined,
	};
}

function iteration(name: OperationName): () => void {
	if (name === "request-decoded") return () => do_not_optimize(decodeLabels(nextRequest().index));
	if (name.endsWith("-bound")) {
		const bound = REQUESTS.map(({ index }) => ({ index }));
		return () => do_not_optimize(bound[nextRequest().index]);
	}
	return () => do_not_optimize(nextRequest());
}
