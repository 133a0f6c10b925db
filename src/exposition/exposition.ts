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
	#failure: { readonly error: unknown } | undefined;
	readonly #steps: Generator<undefined, Rendered, undefined>;

	constructor(steps: Generator<undefined, Rendered, undefined>) {
		this.#steps = steps;
	}

	/** Does a little more; the answer is the result, once it is there. It throws what the rendering has thrown. */
	step(): Rendered | undefined {
		if (this.#failure !== undefined) throw this.#failure.error;
		if (this.#result !== undefined) return this.#result;
		try {
			const { done, value } = this.#steps.next();
			if (done === true) this.#result = value;
		} catch (error) {
			this.#failure = { error };
			throw error;
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

/** A rendering, from when it is asked for. */
interface Rendering {
	readonly rendered: Promise<Rendered>;
	/** Whether it has begun: what is recorded from now on is not in it. */
	hasBegun: boolean;
}

/** Writes all that a recorder holds; each answer is of one instant. */
export class Exposition {
	readonly #recorder: Recorder;
	readonly #constantLabels: ConstantLabels;
	readonly #readForeign: () => Promise<readonly ForeignFamily[]>;
	readonly #createdSeries: boolean;
	/** Made when they are first asked for. */
	readonly #renderers = new Map<Format, LineRenderer>();
	/** The steps of the rendering under way in each format. */
	readonly #jobs = new Map<Format, Job>();
	/** The rendering in each format that was asked for last, and is not over. */
	readonly #renderings = new Map<Format, Rendering>();
	/** OpenMetrics texts with their end, so that who gets the same text gets the same bytes. */
	readonly #ended = new WeakMap<Uint8Array, Uint8Array>();

	constructor(recorder: Recorder, options: ExpositionOptions = {}) {
		const { constantLabels = {}, createdSeries = false, readForeign = async () => [] } = options;
		this.#recorder = recorder;
		this.#constantLabels = constantLabels;
		this.#readForeign = readForeign;
		this.#createdSeries = createdSeries;
	}

	/** The text format at once, without the families of other registries. */
	renderText(): string {
		// One under way uses the same text: it is finished first. Where it fails, its own callers hear of it.
		try {
			this.#jobs.get("text")?.finish();
		} catch {}
		const { bytes } = this.#job("text", this.#source([])).finish();
		return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
	}

	/**
	 * Any format, in small steps between which the event loop has its turns. Who asks before a rendering has begun gets that
	 * one; who asks later gets the next, in which all that was recorded before is.
	 *
	 * @param names only these families; all unless given
	 */
	async render(format: Format, names?: ReadonlySet<string>): Promise<Uint8Array> {
		let rendering = this.#renderings.get(format);
		if (rendering === undefined || rendering.hasBegun) rendering = this.#queue(format, rendering);
		const rendered = await rendering.rendered;
		if (names !== undefined) {
			const picked = pickFamilies(rendered, names);
			return format === "openmetrics" ? withEnd(picked) : picked;
		}
		if (format !== "openmetrics") return rendered.bytes;
		let ended = this.#ended.get(rendered.bytes);
		if (ended === undefined) {
			ended = withEnd(rendered.bytes);
			this.#ended.set(rendered.bytes, ended);
		}
		return ended;
	}

	#queue(format: Format, before: Rendering | undefined): Rendering {
		const start = async (): Promise<Rendered> => {
			// What becomes of the one before is its own callers' to hear.
			await before?.rendered.catch(() => undefined);
			const foreign = await this.#readForeign();
			rendering.hasBegun = true;
			return this.#run(format, foreign);
		};
		const rendering: Rendering = { rendered: start(), hasBegun: false };
		this.#renderings.set(format, rendering);
		const over = (): void => {
			if (this.#renderings.get(format) === rendering) this.#renderings.delete(format);
		};
		rendering.rendered.then(over, over);
		return rendering;
	}

	async #run(format: Format, foreign: readonly ForeignFamily[]): Promise<Rendered> {
		const job = this.#job(format, this.#source(foreign));
		this.#jobs.set(format, job);
		try {
			return await job.finishInTurns();
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
		return new Job(withForeign(renderer, source, format));
	}

	#source(foreign: readonly ForeignFamily[]): Source {
		const { exemplars, native, series, store } = this.#recorder;
		const slots = store.slots.slice(0, store.used);
		return { series, slots, exemplars, native, constantLabels: this.#constantLabels, foreign };
	}
}

function* withForeign(
	renderer: LineRenderer,
	source: Source,
	format: "text" | "openmetrics",
): Generator<undefined, Rendered, undefined> {
	const own = yield* renderer.render(source);
	if (source.foreign.length === 0) return own;
	return append(own, yield* writeForeign(source.foreign, format));
}

function withEnd(text: Uint8Array): Uint8Array {
	return Buffer.concat([text, Buffer.from(OPENMETRICS_END)]);
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
