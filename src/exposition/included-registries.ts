import { HyperAgentError } from "../core/hyperagent-error.ts";
import { CATALOG } from "../metrics/catalog.ts";
import { type ReadableRegistry, readForeignFamilies } from "./foreign-families.ts";
import { seriesNames } from "./series-names.ts";
import type { ForeignFamily } from "./source.ts";

/** How long a scrape waits for another registry. */
const PATIENCE_MS = 1000;

/** Told of what is wrong with an included registry, each thing once. */
export type OnProblem = (message: string, cause?: unknown) => void;

const OWN_NAMES: readonly string[] = CATALOG.flatMap(({ name, type }) => seriesNames(name, type));

/** The registries whose families stand behind ours. None of them can harm a scrape. */
export class IncludedRegistries {
	readonly #included = new Map<ReadableRegistry, IncludedRegistry>();
	readonly #onProblem: OnProblem;

	constructor(onProblem: OnProblem) {
		this.#onProblem = onProblem;
	}

	/**
	 * Includes a registry; the function that comes back leaves it out again.
	 *
	 * @throws HyperAgentError `BAD_OPTION` where it is none, or is included already
	 */
	add(registry: ReadableRegistry): () => void {
		// A caller without types may pass anything.
		if (typeof registry?.getMetricsAsJSON !== "function" || typeof registry.contentType !== "string") {
			throw new HyperAgentError(
				"BAD_OPTION",
				"include(registry): expected a Registry of prom-client or @prometheus-io/client, such as its `register`.",
			);
		}
		if (this.#included.has(registry)) {
			throw new HyperAgentError(
				"BAD_OPTION",
				"include(registry): this registry is included already. Call the function that the first include() returned to leave it out.",
			);
		}
		const one = new IncludedRegistry(registry, this.#onProblem);
		this.#included.set(registry, one);
		return () => {
			if (this.#included.get(registry) === one) this.#included.delete(registry);
		};
	}

	/** All families, in the order of inclusion: one whose names are taken, by us or by an earlier one, is left out. */
	async read(): Promise<readonly ForeignFamily[]> {
		const registries = [...this.#included.values()];
		const readings = await Promise.all(registries.map((registry) => registry.read()));
		const taken = new Set(OWN_NAMES);
		const families: ForeignFamily[] = [];
		for (const [i, reading] of readings.entries()) {
			for (const family of reading) {
				const names = seriesNames(family.name, family.type);
				const collision = names.find((name) => taken.has(name));
				if (collision === undefined) families.push(family);
				else registries[i]?.tell(family.name, `is left out: there is a "${collision}" already`);
				if (collision === undefined) for (const name of names) taken.add(name);
			}
		}
		return families;
	}
}

class IncludedRegistry {
	readonly #registry: ReadableRegistry;
	readonly #onProblem: OnProblem;
	readonly #told = new Set<string>();
	/** What all scrapes that come meanwhile wait for. */
	#pending: Promise<readonly ForeignFamily[]> | undefined;
	/** Set while an answer is overdue: nobody waits for it, or asks again. */
	#isLate = false;

	constructor(registry: ReadableRegistry, onProblem: OnProblem) {
		this.#registry = registry;
		this.#onProblem = onProblem;
	}

	/** Its families; none where it throws or takes too long. */
	async read(): Promise<readonly ForeignFamily[]> {
		if (this.#isLate) return [];
		this.#pending ??= this.#ask();
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<undefined>((resolve) => {
			timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
		});
		try {
			const families = await Promise.race([this.#pending, late]);
			if (families !== undefined) return families;
			this.#isLate = true;
			this.#tellOnce(
				"late",
				`An included registry has not answered within ${PATIENCE_MS} ms: its metrics are missing.`,
			);
		} catch (cause) {
			this.#tellOnce("failed", "An included registry has thrown: its metrics are missing.", cause);
		} finally {
			clearTimeout(timer);
		}
		return [];
	}

	/** One of its families is not written. */
	tell(family: string, problem: string): void {
		this.#tellOnce(`family ${family}`, `The metric "${family}" of an included registry ${problem}.`);
	}

	async #ask(): Promise<readonly ForeignFamily[]> {
		try {
			return await readForeignFamilies(this.#registry, (family, problem) => this.tell(family, problem));
		} finally {
			this.#pending = undefined;
			this.#isLate = false;
		}
	}

	#tellOnce(key: string, message: string, cause?: unknown): void {
		if (this.#told.has(key)) return;
		this.#told.add(key);
		this.#onProblem(message, cause);
	}
}
