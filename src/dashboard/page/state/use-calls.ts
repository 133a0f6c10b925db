import { useEffect, useRef, useState } from "preact/hooks";
import type { CallsAnswer, CallView } from "../../calls-answer.ts";
import { AnswerError, ask } from "./api.ts";
import { serverNow } from "./server-clock.ts";
import { useFeed } from "./use-feed.ts";
import { everyMs } from "./use-series.ts";
import { callsQuery, type View, viewSearch } from "./view.ts";

/** Which calls, beside the view. */
export interface CallsChoice {
	readonly order: "latest" | "dearest";
	/** "" for all. */
	readonly outcome: string;
}

/** The calls that are shown. */
export interface Calls {
	readonly calls: readonly CallView[];
	/** Whether they are those that are asked for; until then they are those of before. */
	readonly isLoaded: boolean;
	/** Which view they are of; `undefined` before the first. */
	readonly view: View | undefined;
	/** What has come since is not shown: somebody reads on. */
	readonly isPaused: boolean;
	readonly hasMore: boolean;
	/** There are more, but a page keeps no more than these. */
	readonly isFull: boolean;
	readonly problem: string;
	more(): Promise<void>;
	/** Back to the first page, as it is now. */
	refresh(): void;
}

const PAGE = 25;
/** A page that is open for days keeps no more than that. */
const MOST_CALLS = 500;

interface Pages {
	readonly question: string;
	readonly view: View;
	readonly calls: readonly CallView[];
	readonly next: string | null;
}

/** What the one who looks does with the calls. */
export interface CallsReader {
	/** Has opened one: it stays where it is. */
	readonly isReading: boolean;
	/** Has scrolled to them: nothing is asked for what nobody sees, but the first page. */
	readonly isLooking: boolean;
}

/** The first page, kept up to date until somebody opens a call or asks for more. */
export function useCalls(
	view: View,
	choice: CallsChoice,
	callsVersion: string,
	paceMs: number,
	{ isLooking, isReading }: CallsReader,
): Calls {
	const [pages, setPages] = useState<Pages>();
	const [problem, setProblem] = useState("");
	const [rounds, setRounds] = useState(0);
	const question = `${viewSearch(view)} ${choice.order} ${choice.outcome} ${rounds}`;
	const asked = useRef(question);
	asked.current = question;
	const path = (now: number, after?: string): string => {
		const parameters = callsQuery(view, now);
		parameters.set("order", choice.order);
		parameters.set("limit", String(PAGE));
		if (choice.outcome !== "") parameters.set("outcome", choice.outcome);
		if (after !== undefined) parameters.set("after", after);
		return `api/calls?${parameters}`;
	};
	const isMine = pages?.question === question;
	const isPaused = isMine && (isReading || pages.calls.length > PAGE);
	const feed = useFeed<CallsAnswer>(() =>
		isPaused || (isMine && !isLooking)
			? undefined
			: {
					path: path(serverNow()),
					version: callsVersion,
					question,
					everyMs: Math.max(everyMs(view), paceMs),
				},
	);
	useEffect(() => {
		// An answer of before is no answer to what is asked now.
		if (feed.answer === undefined || isPaused || feed.question !== question) return;
		setPages({ question: feed.question, view, ...feed.answer });
	}, [feed.answer, isPaused]);

	const more = async (): Promise<void> => {
		const next = pages?.next;
		if (!isMine || next === null || next === undefined) return;
		try {
			const answer = await ask<CallsAnswer>(path(serverNow(), next));
			if (asked.current !== question) return;
			const calls = [...pages.calls, ...answer.calls];
			setPages({ question, view, calls, next: answer.next });
			setProblem("");
		} catch (error) {
			setProblem(error instanceof AnswerError ? error.message : String(error));
		}
	};
	return {
		calls: pages?.calls ?? [],
		isLoaded: isMine,
		view: pages?.view,
		isPaused,
		hasMore: isMine && pages.next !== null && pages.calls.length < MOST_CALLS,
		isFull: isMine && pages.next !== null && pages.calls.length >= MOST_CALLS,
		problem: feed.problem || problem,
		more,
		refresh: () => setRounds((n) => n + 1),
	};
}
