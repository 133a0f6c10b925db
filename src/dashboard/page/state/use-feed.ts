import { useEffect, useRef, useState } from "preact/hooks";
import { Feed, type Want } from "./feed.ts";

/** An answer that is kept up to date. */
export interface Fed<T> {
	readonly answer: T | undefined;
	/** Which question it answers: another than the one that is asked now until that has its answer. */
	readonly question: string;
	/** When it came, by this machine's clock. */
	readonly answeredAt: number | undefined;
	readonly problem: string;
}

/** Keeps the answer to `want()` up to date; nothing is asked while it is undefined. */
export function useFeed<T>(want: () => Want | undefined): Fed<T> {
	const [fed, setFed] = useState<Fed<T>>({
		answer: undefined,
		question: "",
		answeredAt: undefined,
		problem: "",
	});
	const latest = useRef(want);
	latest.current = want;
	useEffect(() => {
		const feed = new Feed<T>({
			answer: (answer, question) => setFed((last) => ({ ...last, answer, question, answeredAt: Date.now() })),
			problem: (problem) => setFed((last) => (last.problem === problem ? last : { ...last, problem })),
		});
		return feed.start(() => latest.current());
	}, []);
	return fed;
}
