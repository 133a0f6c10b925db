import { processSlot } from "../core/process-slot.ts";

const slot = processSlot<WeakSet<object>>("cached-answers");
slot.value ??= new WeakSet();
const answers = slot.value;

/** An answer, or an event of a stream, that comes from a response cache: nobody is billed for it. */
export function markCached<T>(answer: T): T {
	// Backends come from anywhere: what they answer may be no object.
	if (typeof answer !== "object" || answer === null) return answer;
	answers.add(answer);
	// A backend in between may pass on a copy, which has the same usage in it.
	const usage = usageOf(answer);
	if (usage !== undefined) answers.add(usage);
	return answer;
}

/** Whether an answer, or what is in it, came from a response cache. */
export function isCached(answer: object): boolean {
	const usage = usageOf(answer);
	return answers.has(answer) || (usage !== undefined && answers.has(usage));
}

function usageOf(answer: object): object | undefined {
	const usage: unknown = "usage" in answer ? answer.usage : undefined;
	return typeof usage === "object" && usage !== null ? usage : undefined;
}
