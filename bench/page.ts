import type { Verdict } from "./gates.ts";
import type { BenchResult } from "./result.ts";
import { figuresTable, goalsTable, machineLine } from "./table.ts";

/** docs/benchmarks.md. */
export function benchmarksPage(result: BenchResult, verdicts: readonly Verdict[]): string {
	const lines = result.results
		.filter(({ case: name, contender }) => contender === "ours" && /^scrape-\d+-all$/.test(name))
		.map(({ lines = 0 }) => lines.toLocaleString("en"));
	return `<!-- Written by \`npm run bench -- --write\`. -->
# Benchmarks

${machineLine(result)}.

${figuresTable(result)}

In brackets: how many times ours. "Bound" is what each client has for hot code: a child of \`.labels()\`, ours of
\`bindLlmSeries()\`, and in OpenTelemetry, which has no such thing, one attributes object for all calls.

## The goals

${goalsTable(verdicts)}

Ratios are the median over the rounds of what two neighbouring processes measured, so that a noisy machine slows both. In CI
the gates hold: half of a goal that is a ratio, twice of one that is a size.

## How it is measured

- Every figure comes from a process of its own that has loaded one client; the contenders of a case take turns.
- Every client holds the same families, buckets and series (${lines.join(", ")} lines for ours).
- Recording is timed by mitata in batches of 4,096 iterations; sixteen requests of different labels, sizes and latencies take
  turns, so that nothing can be folded into a constant. Their labels are literals, as in a program: the same label is the same
  string. Afterwards the exposition must have counted every iteration.
- The baseline is the same loop without a record: the request is found, and its handle, or its labels are decoded.
- One request is the gauge up and down, five counters and two histograms. Ours looks for the parts of the tokens and the time per
  output token in the same go.
- Cold: 32 MiB are walked before each request, then what it tells is read, and only its records are timed, less what reading
  the clock takes.
- A scrape writes the whole exposition, to the bytes that go over the wire. What changes between two scrapes is not timed: all
  pairs with all of their series, one pair in a hundred, or none. OpenTelemetry's text is its Prometheus exporter's. Where there
  were fewer than a hundred scrapes, "p99" is the worst.
- The event loop's longest turn is seen by a \`setImmediate\` that renews itself: what runs between two of its calls is what
  a request that comes in has to wait for.
- What \`instrument()\` adds is measured in pairs: the plain client and the instrumented one ask the same server, which is a process
  of its own, in turn, after 30,000 calls or 500 streams of each: V8 compiles nearly all of what only the instrumented one has
  around its 11,000th call, and small functions of it up to the 30,000th. Calls come in blocks of twenty, so that what is put off is told,
  too. The figure is the median over four hundred pairs, of the relation of the two or of their difference: where the machine is
  slow, both are. On a real network a call takes a thousand times as long.
- Memory is heapUsed and arrayBuffers of a whole registry after a garbage collection, families and label strings included,
  divided by its lines; once before any scrape and once after some.
`;
}
