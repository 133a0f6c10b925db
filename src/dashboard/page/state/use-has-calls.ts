import type { CallsAnswer } from "../../calls-answer.ts";
import { useFeed } from "./use-feed.ts";

const EVERY_MS = 1200;

/** Whether there has ever been a call; `undefined` until the server has said so. It is asked while there is a doubt. */
export function useHasCalls(isInDoubt: boolean, callsVersion: string): boolean | undefined {
	const { answer } = useFeed<CallsAnswer>(() =>
		isInDoubt
			? { path: "api/calls?limit=1", version: callsVersion, question: "any", everyMs: EVERY_MS }
			: undefined,
	);
	return answer === undefined ? undefined : answer.calls.length > 0;
}
