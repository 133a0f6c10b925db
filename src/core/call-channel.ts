import { channel } from "node:diagnostics_channel";
import { copySettledCall, type SettledCall } from "./settled-call.ts";

/** Where settled calls are published, by Node's `diagnostics_channel`. */
const calls: ReturnType<typeof channel> = channel("hyperagent:call");

/** Whether anybody wants to hear of them. */
export function isCallChannelHeard(): boolean {
	return calls.hasSubscribers;
}

/** Tells the subscribers of a call that has ended: plain data, which they may keep. */
export function publishCall(call: SettledCall): void {
	calls.publish(copySettledCall(call));
}
