import { catchUp } from "../core/afterwards.ts";
import { nextSequence } from "../core/call-id.ts";
import { LabelGuard } from "../core/label-guard.ts";
import type { SettledCall } from "../core/settled-call.ts";
import { addSettlementListener, type NotedEvent, type ServedAnswer } from "../core/settlement-listeners.ts";
import type { Pair } from "./ledger-options.ts";
import { type PageEvent, RowPage } from "./row-page.ts";

/** What a collector needs of the ledger that it is of. */
export interface CollectorOptions {
	/** The most (route, model) pairs; further models are kept as `other`. */
	readonly maxPairs: number;
	/** What a route and a model are counted by elsewhere, before this bound; themselves unless given. */
	readonly labels?: ((route: string, model: string) => Pair) | undefined;
	/** How long rows wait for others to go with them. */
	readonly postAfterMs: number;
	/** Whether one more row may be kept. */
	readonly hasRoom: () => boolean;
	/** Takes rows of a page, which do not change any more. */
	readonly post: (page: RowPage, from: number, to: number) => void;
}

/** Writes all that happens in the process into pages, and hands these on. */
export class RowCollector {
	/** Hears of nothing any more. */
	readonly stop: () => void;
	readonly #options: CollectorOptions;
	readonly #guard: LabelGuard;
	readonly #pairs: Pair[] = [];
	/** Routes without a model and models without a route: they have a bound of their own, as in the metrics. */
	readonly #singles: Readonly<Record<"route" | "model", LabelGuard>>;
	readonly #names: string[] = [];
	#page = new RowPage();
	/** Rows of the page that were posted. */
	#from = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: CollectorOptions) {
		this.#options = options;
		this.#guard = new LabelGuard(
			options.maxPairs,
			(route, model) => this.#pairs.push({ route, model }) - 1,
			() => undefined,
		);
		const single = (): LabelGuard =>
			new LabelGuard(
				options.maxPairs,
				(_, name) => this.#names.push(name) - 1,
				() => undefined,
			);
		this.#singles = { route: single(), model: single() };
		this.stop = addSettlementListener({
			settled: (call) => this.#settled(call),
			served: (call) => this.#served(call),
			recorded: (...what) => this.#recorded(...what),
			noted: (event) => this.#noted(event),
		});
	}

	/** Rows that were not handed on. */
	get waiting(): number {
		return this.#page.count - this.#from;
	}

	/** Hands on what there is. */
	post(): void {
		catchUp();
		this.#post();
	}

	#post(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const page = this.#page;
		if (page.count > this.#from) this.#options.post(page, this.#from, page.count);
		this.#from = page.count;
		if (page.isFull) [this.#page, this.#from] = [new RowPage(), 0];
	}

	#settled(call: SettledCall): void {
		if (!this.#options.hasRoom()) return;
		const { model, route } = this.#pair(call.route, call.model);
		this.#page.addCall(call, route, model);
		this.#added();
	}

	#recorded(route: string, model: string, input: number, output: number, costUsd: number): void {
		if (!this.#options.hasRoom()) return;
		const pair = this.#pair(route, model);
		this.#page.addManual(nextSequence(), pair.route, pair.model, { input, output }, costUsd);
		this.#added();
	}

	/** What is not priced has saved nobody knows how much. */
	#served({ costUsd, model, provider, route }: ServedAnswer): void {
		if (costUsd !== undefined) this.#add({ event: "served", route, model, provider, savedUsd: costUsd });
	}

	#noted({ model = "", route = "", ...event }: NotedEvent): void {
		this.#add({ ...event, route, model });
	}

	#add(event: PageEvent): void {
		if (!this.#options.hasRoom()) return;
		const { model, route } = event;
		const isPair = route !== "" && model !== "";
		// What has no model does not get one, and no route neither, by being over the bound; nor does it take a pair's place.
		const kept = isPair
			? this.#pair(route, model)
			: { route: this.#single("route", route), model: this.#single("model", model) };
		this.#page.addEvent(nextSequence(), { ...event, route: kept.route, model: kept.model });
		this.#added();
	}

	#pair(route: string, model: string): Pair {
		const counted = this.#options.labels?.(route, model);
		const place = this.#guard.resolve(counted?.route ?? route, counted?.model ?? model);
		// The guard answers with the place of a pair that it had made.
		return this.#pairs[place]!;
	}

	#single(kind: "route" | "model", name: string): string {
		if (name === "") return "";
		// As above.
		return this.#names[this.#singles[kind].resolve("", name)]!;
	}

	#added(): void {
		if (this.#page.isFull) this.#post();
		else this.#timer ??= setTimeout(() => this.post(), this.#options.postAfterMs).unref();
	}
}
