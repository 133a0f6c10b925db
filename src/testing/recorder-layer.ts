import { catchUp } from "../core/afterwards.ts";
import { processSlot } from "../core/process-slot.ts";
import { installedRecorder, type Recorder } from "../metrics/recorder.ts";
import { unbindAll } from "../monitoring/bound-series.ts";
import { errorHandler, type OnError } from "../monitoring/internal-errors.ts";
import { installedHandle, testHandle } from "../monitoring/prometheus.ts";
import { PrometheusHandle } from "../monitoring/prometheus-handle.ts";
import { installedPrices, installPrices } from "../pricing/installed-prices.ts";
import type { Prices } from "../pricing/prices.ts";

/** All that makes a recorder the process's one, and what else `initPrometheus()` sets. */
interface Installed {
	readonly recorder: Recorder | undefined;
	readonly handle: PrometheusHandle | undefined;
	readonly testHandle: PrometheusHandle | undefined;
	readonly onError: OnError | undefined;
	readonly prices: Prices | undefined;
}

/** The layers that are on now, the last one on top. */
const layers = processSlot<RecorderLayer[]>("test-recorders");

/**
 * A recorder on top of whatever the process has. With it `initPrometheus()` may be called as if nobody ever had, and
 * `getPrometheus()` has a handle even if nobody has.
 */
export class RecorderLayer {
	readonly recorder: Recorder;
	/** What it hides. Not private: the layer below may be of another loaded copy of this package. */
	below: Installed;
	/** What was installed when it was taken away: it can be asked on. */
	#last: Recorder | undefined;

	constructor(recorder: Recorder) {
		catchUp();
		this.recorder = recorder;
		this.below = read();
		layers.value = [...(layers.value ?? []), this];
		write({
			recorder,
			handle: undefined,
			testHandle: new PrometheusHandle(recorder, {}, false),
			onError: this.below.onError,
			prices: this.below.prices,
		});
	}

	get isOnTop(): boolean {
		return layers.value?.at(-1) === this;
	}

	/** Its recorder, and the one of an `initPrometheus()` since. */
	get recorders(): readonly Recorder[] {
		const installed = this.#installed();
		return installed === undefined || installed === this.recorder
			? [this.recorder]
			: [this.recorder, installed];
	}

	/** Takes it away, in whatever order: the layer above, if there is one, will bring back what this one hid. */
	remove(): void {
		const all = layers.value ?? [];
		const at = all.indexOf(this);
		if (at < 0) return;
		catchUp();
		this.#last = this.#installed();
		layers.value = all.toSpliced(at, 1);
		const above = all[at + 1];
		if (above === undefined) write(this.below);
		else above.below = this.below;
	}

	#installed(): Recorder | undefined {
		const all = layers.value ?? [];
		const at = all.indexOf(this);
		if (at < 0) return this.#last;
		const above = all[at + 1];
		return above === undefined ? installedRecorder.value : above.below.recorder;
	}
}

function read(): Installed {
	return {
		recorder: installedRecorder.value,
		handle: installedHandle.value,
		testHandle: testHandle.value,
		onError: errorHandler.value,
		prices: installedPrices.value,
	};
}

function write({ handle, onError, prices, recorder, testHandle: standIn }: Installed): void {
	// First, for it records what has ended before.
	installPrices(prices);
	installedRecorder.value = recorder;
	installedHandle.value = handle;
	testHandle.value = standIn;
	errorHandler.value = onError;
	unbindAll();
}
