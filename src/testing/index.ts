/** testing/: what the code under test has recorded, for users' own tests. */
import "../core/require-node.ts";

export { HyperAgentError, type HyperAgentErrorCode } from "../core/hyperagent-error.ts";
export type { SettledCall } from "../core/settled-call.ts";
export type { LabelQuery } from "./series-query.ts";
export { installTestRecorder, type TestRecorder } from "./test-recorder.ts";
