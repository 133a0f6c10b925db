import type { WireFormat } from "../wire/wire-format.ts";
import type { Call } from "./call.ts";

/** What is known of a request above HTTP, and of the call that it belongs to. */
export interface Question {
	readonly call: Call;
	readonly format: WireFormat;
	readonly provider: string;
	/** The model that is asked. */
	readonly model: string;
	readonly isStream: boolean;
	/**
	 * What ends the call: its `fetch` whatever comes, only an answer (who sends the request tells of its failures), only
	 * the answer that its client gives (which may ask several times for one), or neither, where the call is somebody
	 * else's.
	 */
	readonly endsWith: "fetch" | "answer" | "client" | "neither";
	/** We asked for the usage that this stream ends with, so its chunk is not for the caller. */
	hidesUsage: boolean;
	/** How often the client would send the request again. */
	retriesLeft: number;
	/** Its client's streams have a controller of their own, with which their reader can leave. */
	readonly hasController: boolean;
	/** Its client leaves a stream by giving up its lock, and the connection with it: then it is ours to release. */
	readonly leavesByUnlocking: boolean;
	/** An answer has begun, and who reads it ends the call. */
	isAnswered: boolean;
}

/** What of a question has to be said; of the rest the usual. */
type QuestionStart = Pick<Question, "call" | "endsWith" | "format" | "isStream" | "model" | "provider"> &
	Partial<Question>;

export function newQuestion(start: QuestionStart): Question {
	return {
		hidesUsage: false,
		retriesLeft: 0,
		hasController: false,
		leavesByUnlocking: false,
		isAnswered: false,
		...start,
	};
}
