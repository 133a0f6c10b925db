/** demo/: a provider that is not real, and the work that shows what this package sees of it. */
import { createServer } from "node:http";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { Simulation, type SimulatedProviderOptions } from "./simulation.ts";

export type { SimulatedProviderOptions } from "./simulation.ts";

/** A running simulated provider. */
export interface SimulatedProvider {
	readonly url: string;
	/** For `new OpenAI({ baseURL })`. */
	readonly openaiBaseURL: string;
	/** For `new Anthropic({ baseURL })`. */
	readonly anthropicBaseURL: string;
	/** Cuts what is under way and stops listening. */
	close(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 that speaks the wire formats of OpenAI (`/v1/chat/completions`, `/v1/embeddings`)
 * and Anthropic (`/v1/messages`), with believable latencies, tokens, rate limits and faults. Any key will do.
 */
export async function startSimulatedProvider(
	options: SimulatedProviderOptions = {},
): Promise<SimulatedProvider> {
	const simulation = new Simulation(options);
	const server = createServer((request, response) => {
		simulation.handle(request, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", resolve);
	});
	const address = server.address();
	if (address === null || typeof address === "string") {
		throw new HyperAgentError("LISTEN_FAILED", "The simulated provider has no port on 127.0.0.1.");
	}
	const url = `http://127.0.0.1:${address.port}`;
	return {
		url,
		openaiBaseURL: `${url}/v1`,
		anthropicBaseURL: url,
		close: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
		},
	};
}
