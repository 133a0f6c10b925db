import { inspect } from "node:util";
import type { WireFormat } from "../wire/wire-format.ts";
import type { Call } from "./call.ts";
import { setHidden } from "./hidden-method.ts";

/** Where the options of a client's request, and of the `fetch` that it makes of it, say what question they are of. */
export const QUESTION: unique symbol = Symbol("hyperagent.question");

/** What of a question has to be said; of the rest the usual. */
export type QuestionStart = Pick<
	Question,
	"call" | "endsWith" | "format" | "isStream" | "model" | "provider"
> &
	Partial<Omit<Question, "isNamed" | "sentBody" | "sentBy">>;

/** What is known of a request above HTTP, and of the call that it belongs to. */
export class Question {
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
	/** The end of the address that it is sent to; empty where its client does not say. */
	readonly path: string;
	/** We asked for the usage that this stream ends with, so its chunk is not for the caller. */
	hidesUsage: boolean;
	/** How often the client would send the request again. */
	retriesLeft: number;
	/** Its client's streams have a controller of their own, with which their reader can leave. */
	readonly hasController: boolean;
	/** Its client leaves a stream by giving up its lock, and the connection with it: then it is ours to release. */
	readonly leavesByUnlocking: boolean;
	/** What is no part of its client stands between that and its `fetch`, and may send other requests. */
	readonly hasMiddleware: boolean;
	/** An answer has begun, and who reads it ends the call. */
	isAnswered: boolean;
	/** Its requests have said that they are of it. */
	isNamed = false;
	/** What its client sends, as long as it does, and what sends it. */
	sentBody: unknown = undefined;
	sentBy: object | undefined = undefined;

	constructor(start: QuestionStart) {
		this.call = start.call;
		this.format = start.format;
		this.provider = start.provider;
		this.model = start.model;
		this.isStream = start.isStream;
		this.endsWith = start.endsWith;
		this.path = start.path ?? "";
		this.hidesUsage = start.hidesUsage ?? false;
		this.retriesLeft = start.retriesLeft ?? 0;
		this.hasController = start.hasController ?? false;
		this.leavesByUnlocking = start.leavesByUnlocking ?? false;
		this.hasMiddleware = start.hasMiddleware ?? false;
		this.isAnswered = start.isAnswered ?? false;
	}
}

// A client that logs its options shows them with all that is in them: what is ours is nothing to see.
setHidden(Question.prototype, inspect.custom, () => "(HyperAgent)");
