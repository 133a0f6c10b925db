import { currentRoute } from "../monitoring/current-route.ts";
import { ROUTE_HEADER } from "../monitoring/request-headers.ts";
import { isRecord } from "../wire/is-record.ts";
import type { ModelParams } from "./ai-sdk-types.ts";
import type { InstrumentOptions } from "./instrument-options.ts";

/** Our name in `providerOptions`: `{ hyperagent: { route: "summarize" } }`. */
const OPTIONS_KEY = "hyperagent";

/** The nearest route: the call's own, the `withRoute` around it, the instrument's. */
export function routeOf(params: ModelParams, options: InstrumentOptions): string {
	const own = params.providerOptions?.[OPTIONS_KEY];
	const header = routeHeaders(params).map((name) => params.headers?.[name]);
	const said = [isRecord(own) ? own["route"] : undefined, ...header].find(isName);
	return said ?? currentRoute() ?? options.route;
}

/** The same parameters without what is for us alone; these very ones where there is nothing of the kind. */
export function withoutRoute<P extends ModelParams>(params: P): P {
	const names = routeHeaders(params);
	const { headers, providerOptions } = params;
	const hasOptions = providerOptions !== undefined && OPTIONS_KEY in providerOptions;
	if (names.length === 0 && !hasOptions) return params;
	return {
		...params,
		...(hasOptions ? { providerOptions: without(providerOptions, [OPTIONS_KEY]) } : undefined),
		...(names.length > 0 ? { headers: without(headers ?? {}, names) } : undefined),
	};
}

function routeHeaders({ headers }: ModelParams): readonly string[] {
	return headers === undefined
		? []
		: Object.keys(headers).filter((name) => name.toLowerCase() === ROUTE_HEADER);
}

function without<V>(record: Readonly<Record<string, V>>, names: readonly string[]): Record<string, V> {
	return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function isName(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}
