import { setImmediate as turn } from "node:timers/promises";
import type { Recorder } from "../metrics/recorder.ts";
import { writeForeign } from "./foreign-text.ts";
import { LineRenderer } from "./line-renderer.ts";
import type { Format } from "./negotiate.ts";
import { OPENMETRICS_CONTENT_TYPE, OPENMETRICS_END, OpenMetricsFormat } from "./openmetrics-format.ts";
import { encodeProtobuf, PROTOBUF_CONTENT_TYPE } from "./protobuf.ts";
import { pickFamilies, type Rendered } from "./rendered.ts";
import type { ConstantLabels, ForeignFamily, Source } from "./source.ts";
import { TEXT_CONTENT_TYPE, TextFormat } from "./text-format.ts";

/** The `Content-Type` of each format. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
	text: TEXT_CONTENT_TYPE,
	openmetrics: OPENMETRICS_CONTENT_TYPE,
	protobuf: PROTOBUF_CONTENT_TYPE,
};

/** What an exposition is made with. */
export interface ExpositionOptions {
	readonly constantLabels?: ConstantLabels | undefined;
	/** Whether OpenMetrics tells since when each series counts. */
	readonly createdSeries?: boolean | undefined;
	/** The families of other registries. */
	readonly readForeign?: (() => Promise<readonly ForeignFamily[]>) | undefined;
}

/** How long the event loop may be kept waiting at a stretch, in milliseconds. */
const STRETCH_MS = 2;

/** A rendering that somebody may have to finish at once while another awaits it. */
class Job {
	#result: Rendered | undefined;
	readonly #steps: Generator<undefined, Rendered, undefined>;

	constructor(steps: Generator<undefined, Rendered, undefined>) {
		this.#steps = steps;
	}

	/** Does a little more; the answer is the result, once it is there. */
	step(): Rendered | undefined {
		if (this.#result === undefined) {
			const { done, value } = this.#steps.next();
			if (done === true) this.#result = value;
		}
		return this.#result;
	}

	finish(): Rendered {
		for (;;) {
			const result = this.step();
			if (result !== undefined) return result;
		}
	}

	async finishInTurns(): Promise<Rendered> {
		for (;;) {
			const until = performance.now() + STRETCH_MS;
			do {
				const result = this.step();
				if (result !== undefined) return result;
			} while (performance.now() < until);
			await turn();
		}
	}
}

/** Writes all that a recorder holds; each answer is of one instant. */
export class Exposition {
	readonly #recorder: Recorder;
	readonly #constantLabels: ConstantLabels;
	readonly #readForeign: () => Promise<readonly ForeignFamily[]>;
	readonly #createdSeries: boolean;
	/** Made when they are first asked for. */
	readonly #renderers = new Map<Format, LineRenderer>();
	/** The rendering under way in each format, and its steps. */
	readonly #jobs = new Map<Format, Job>();
	readonly #renderings = new Map<Format, Promise<Rendered>>();

	constructor(recorder: Recorder, options: ExpositionOptions = {}) {
		const { constantLabels = {}, createdSeries = false, readForeign = async () => [] } = options;
		this.#recorder = recorder;
		this.#constantLabels = constantLabels;
		this.#readForeign = readForeign;
		this.#createdSeries = createdSeries;
	}

	/** The text format at once, without the families of other registries. */
	renderText(): string {
		// One under way is older, and must not end after this one.
		this.#jobs.get("text")?.finish();
		const { bytes } = this.#job("text", this.#source([])).finish();
		return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
	}

	/**
	 * Any format, in small steps between which the event loop has its turns. Who asks while a rendering is under way
	 * gets that one.
	 *
	 * @param names only these families; all unless given
	 */
	async render(format: Format, names?: ReadonlySet<string>): Promise<Uint8Array> {
		let rendering = this.#renderings.get(format);
		if (rendering === undefined) {
			rendering = this.#start(format).finally(() => this.#renderings.delete(format));
			this.#renderings.set(format, rendering);
		}
		const rendered = await rendering;
		const bytes = names === undefined ? rendered.bytes : pickFamilies(rendered, names);
		return format === "openmetrics" ? Buffer.concat([bytes, Buffer.from(OPENMETRICS_END)]) : bytes;
	}

	async #start(format: Format): Promise<Rendered> {
		const foreign = await this.#readForeign();
		const job = this.#job(format, this.#source(foreign));
		this.#jobs.set(format, job);
		try {
			const own = await job.finishInTurns();
			if (foreign.length === 0 || format === "protobuf") return own;
			return append(own, writeForeign(foreign, format));
		} finally {
			this.#jobs.delete(format);
		}
	}

	#job(format: Format, source: Source): Job {
		if (format === "protobuf") return new Job(encodeProtobuf(source));
		let renderer = this.#renderers.get(format);
		if (renderer === undefined) {
			const { exemplars } = source;
			renderer = new LineRenderer(
				format === "text"
					? new TextFormat(this.#constantLabels)
					: new OpenMetricsFormat(this.#constantLabels, exemplars, this.#createdSeries),
			);
			this.#renderers.set(format, renderer);
		}
		return new Job(renderer.render(source));
	}

	#source(foreign: readonly ForeignFamily[]): Source {
		const { exemplars, native, series, store } = this.#recorder;
		const slots = store.slots.slice(0, store.used);
		return { series, slots, exemplars, native, constantLabels: this.#constantLabels, foreign };
	}
}

function append(first: Rendered, second: Rendered): Rendered {
	const by = first.bytes.length;
	return {
		bytes: Buffer.concat([first.bytes, second.bytes]),
		families: [
			...first.families,
			...second.families.map(({ end, name, start }) => ({ name, start: start + by, end: end + by })),
		],
	};
}
