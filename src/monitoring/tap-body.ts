import type { BodyTap, TapState } from "./body-tap.ts";
import { setHidden } from "./hidden-method.ts";
import { isNodeStream, tapNodeStream } from "./node-stream-tap.ts";
import { readWhole, type Whole } from "./read-whole.ts";
import { ResponseTap } from "./response-tap.ts";
import { isWebStream, WebStreamTap } from "./web-stream-tap.ts";

/** How a body comes and is read. */
export interface BodyKind {
	/** What the response has given for one already, of whatever implementation: to ask Node's own takes long. */
	readonly body?: unknown;
	/** In pieces, so that it is looked at by the byte however it is read. */
	readonly isStream?: boolean;
	/** Its reader leaves by giving up its lock: then the stream is cancelled. */
	readonly leavesByUnlocking?: boolean;
}

/**
 * Lets `tap` see the body of a response. The response and its body stay the very objects that `fetch` gave: only how they
 * are read is watched, so that nothing is read ahead, copied or kept, and a reader that waits holds up the sender as before.
 *
 * @returns whether it will: other implementations of `fetch`, and what stands in for a response, may have nothing to watch
 */
export function tapBody(response: Response, tap: BodyTap, kind: BodyKind = {}): boolean {
	// Whatever its type says.
	const { body = response.body as unknown, isStream = false, leavesByUnlocking = false } = kind;
	const state: TapState = { leavesByUnlocking, isByBytes: false, isWhole: false };
	if (isNodeStream(body)) return tapNodeStream(body, tap);
	const isWatched = isWebStream(body) && new WebStreamTap(body, tap, state).watch();
	// All that reads the body for its response does it as anybody would.
	if (isWatched && (isStream || ResponseTap.watch(response, tap, state))) return true;
	const asJson = tapWhole(response, "json", tap, state);
	const asText = tapWhole(response, "text", tap, state);
	return isWatched || asJson || asText;
}

function tapWhole(response: Response, name: Whole, tap: BodyTap, state: TapState): boolean {
	// What stands in for a response may have only one of them.
	const read: unknown = response[name];
	if (typeof read !== "function") return false;
	const whole = (): unknown => {
		const value: unknown = Reflect.apply(read, response, []);
		return value;
	};
	return setHidden(response, name, (): unknown => readWhole(name, whole, tap, state));
}
