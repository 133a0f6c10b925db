/** How the calls of a client are told apart. */
export interface InstrumentOptions {
	/**
	 * The `route` label of its calls: a fixed name for this use ("chat"), never anything of a user's. A `withRoute` around a
	 * call is nearer, and a route that the call itself names is nearest.
	 */
	readonly route: string;
	/** The `provider` label; else the client's class and the host that it talks to tell. */
	readonly provider?: string | undefined;
}
