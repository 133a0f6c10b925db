import { processSlot } from "../core/process-slot.ts";

/** Something that has looked up its places in the installed recorder, and keeps them. */
export interface Bound {
	/** Forgets them, so that it looks them up again when it is used. */
	unbind(): void;
}

const slot = processSlot<Set<WeakRef<Bound>>>("bound-series");
slot.value ??= new Set();
const bound = slot.value;
const forgotten = new FinalizationRegistry<WeakRef<Bound>>((ref) => bound.delete(ref));

/**
 * Remembers it for as long as it lives, so that {@link unbindAll} finds it: asking at each record whether the recorder is
 * still the same would cost a tenth of a record.
 */
export function rememberBound(one: Bound): void {
	const ref = new WeakRef(one);
	bound.add(ref);
	forgotten.register(one, ref);
}

/** Another recorder is installed: all that is bound goes there from now on. */
export function unbindAll(): void {
	for (const ref of bound) ref.deref()?.unbind();
}
