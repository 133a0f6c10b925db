import { processSlot } from "../core/process-slot.ts";
import { installedRecorder } from "../metrics/recorder.ts";

/** Where a wrapped client's calls will be counted. */
export interface KnownSeries {
	readonly route: string;
	readonly provider: string;
	readonly model: string;
}

/** More is taken for a program that makes wrappers without end. */
const MOST_REMEMBERED = 1000;

const slot = processSlot<KnownSeries[]>("known-series");

/** Lets the series of a wrapped client exist, at 0, before its first call; also when `initPrometheus` comes later. */
export function declareSeries(series: KnownSeries): void {
	const { value: recorder } = installedRecorder;
	if (recorder !== undefined) {
		recorder.pair(series.route, series.model);
		recorder.target(series.provider, series.model);
		return;
	}
	slot.value ??= [];
	if (slot.value.length < MOST_REMEMBERED) slot.value.push(series);
}

const routeSlot = processSlot<Set<string>>("known-cache-routes");

/** The same for the counters of a response cache. */
export function declareCacheRoute(route: string): void {
	const { value: recorder } = installedRecorder;
	if (recorder !== undefined) {
		recorder.route(route);
		return;
	}
	routeSlot.value ??= new Set();
	if (routeSlot.value.size < MOST_REMEMBERED) routeSlot.value.add(route);
}

/** The routes of response caches that were made before there was a recorder. */
export function knownCacheRoutes(): Iterable<string> {
	return routeSlot.value ?? [];
}

/** What was declared before there was a recorder. */
export function knownSeries(): readonly KnownSeries[] {
	return slot.value ?? [];
}
