import type { Pair } from "./contender.ts";

/** One request as every contender records it, in the units of the metrics. */
export interface BenchRequest extends Pair {
	/** Its place among {@link REQUESTS}. */
	readonly index: number;
	readonly input: number;
	readonly output: number;
	readonly costUsd: number;
	readonly latencyMs: number;
	readonly timeToFirstTokenMs: number;
}

const MODELS = [
	"gpt-4-turbo",
	"gpt-4",
	"gpt-3.5-turbo",
	"claude-3-5-sonnet-latest",
	"claude-3-opus-latest",
] as const;

/** That many different pairs: five models to a route. */
export function pairsOf(count: number): Pair[] {
	return Array.from({ length: count }, (_, i) => ({
		route: `route-${Math.floor(i / MODELS.length)}`,
		model: MODELS[i % MODELS.length]!,
	}));
}

/** As programs have them: literals, so that the same label is the same string. */
const ROUTES = ["route-0", "route-1", "route-2", "route-3"] as const;

/** Sixteen requests of different pairs, sizes and latencies, from the second to the eighth bucket. */
export const REQUESTS: readonly BenchRequest[] = Array.from({ length: 16 }, (_, index) => ({
	route: ROUTES[Math.floor(index / MODELS.length)]!,
	model: MODELS[index % MODELS.length]!,
	index,
	input: 150 + index,
	output: 50 + index,
	costUsd: 0.0025 + index / 1e4,
	latencyMs: 80 + ((index * 5) % 16) * 500.25,
	timeToFirstTokenMs: 40 + ((index * 3) % 16) * 60.5,
}));

const ENCODED: readonly { readonly bytes: Buffer; readonly split: number }[] = REQUESTS.map(
	({ model, route }) => ({ bytes: Buffer.from(route + model), split: route.length }),
);
let turn = 0;

/** One of the requests in turn, so that no compiler can fold one label set or one latency into a constant. */
export function nextRequest(): BenchRequest {
	turn = (turn + 1) & 15;
	return REQUESTS[turn]!;
}

/** The labels of one of them as they come out of bytes: strings that nobody has seen, without a hash yet. */
export function decodeLabels(index: number): Pair {
	const { bytes, split } = ENCODED[index]!;
	return { route: bytes.toString("utf8", 0, split), model: bytes.toString("utf8", split) };
}

/**
 * Reads the next request, so that it is in the caches: a program has just had it in its hands when it records it.
 */
export function touchNextRequest(): BenchRequest {
	const request = REQUESTS[(turn + 1) & 15]!;
	const { costUsd, index, input, latencyMs, model, output, route, timeToFirstTokenMs } = request;
	const numbers = costUsd + index + input + latencyMs + output + timeToFirstTokenMs;
	if (!(numbers > 0 && route.codePointAt(0) === 114 && model !== "")) throw new Error("No request.");
	return request;
}

/**
 * One request after the other, by the labels that it has or by fresh ones. In each process only one client passes its
 * `record`, so that the call has one target, as if it stood there.
 */
export function recordRequests(
	record: (labels: Pair, request: BenchRequest) => void,
	decodes: boolean,
): () => void {
	if (!decodes) {
		return () => {
			const request = nextRequest();
			record(request, request);
		};
	}
	return () => {
		const request = nextRequest();
		record(decodeLabels(request.index), request);
	};
}
