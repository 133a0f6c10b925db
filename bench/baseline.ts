import { do_not_optimize } from "mitata";
import type { Contender, OperationName } from "./contender.ts";
import { decodeLabels, nextRequest } from "./workload.ts";

/** Does what every contender's iteration does around its client: nothing, or finding and decoding the labels. */
export function createBaseline(): Contender {
	return {
		operation: iteration,
		fill: () => undefined,
		change: () => undefined,
		scrape: () => undefined,
	};
}

function iteration(name: OperationName): (() => void) | undefined {
	if (name === "request-native") return undefined;
	if (name === "request-decoded") return () => do_not_optimize(decodeLabels(nextRequest().index));
	return name.endsWith("-bound") ? () => undefined : () => do_not_optimize(nextRequest());
}
