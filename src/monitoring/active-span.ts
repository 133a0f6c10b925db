import type { Exemplar } from "../metrics/exemplar.ts";

/*
 * OpenTelemetry's API, where the program has one, hangs on globalThis, so that it can be asked without depending on it:
 * https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
 */
const API: symbol = Symbol.for("opentelemetry.js.api.1");
const SPAN_KEY: symbol = Symbol.for("OpenTelemetry Context Key SPAN");

/** As far as we ask it. */
interface OpenTelemetryApi {
	readonly context?: { active(): { getValue(key: symbol): OpenTelemetrySpan | undefined } };
}
interface OpenTelemetrySpan {
	spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
}

/** globalThis has no type for a symbol that another package defines. */
const holder = globalThis as unknown as Record<symbol, OpenTelemetryApi | undefined>;

/** The OpenTelemetry span that is active, where it is sampled: nobody could look another one up. */
export function activeSpan(): Exemplar | undefined {
	const { context } = holder[API] ?? {};
	if (context === undefined) return undefined;
	try {
		const span = context.active().getValue(SPAN_KEY)?.spanContext();
		if (span === undefined || (span.traceFlags & 1) === 0) return undefined;
		return { traceId: span.traceId, spanId: span.spanId };
	} catch {
		return undefined;
	}
}
