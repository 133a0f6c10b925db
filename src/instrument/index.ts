/** instrument/: meters the clients that users already have, without a change in what they do. */
import "../core/require-node.ts";

export { withRoute } from "../monitoring/current-route.ts";
export { meteredFetch, type MeteredFetchOptions } from "../monitoring/metered-fetch.ts";
export { meteringMiddleware } from "./ai-sdk.ts";
export { instrument } from "./instrument.ts";
export type { InstrumentOptions } from "./instrument-options.ts";
