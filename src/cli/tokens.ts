import { HyperAgentError } from "../core/hyperagent-error.ts";

/** Tokens are no options: everybody on the machine can read a command line. */
export const TOKENS = {
	authToken: "HYPERAGENT_AUTH_TOKEN",
	metricsToken: "HYPERAGENT_METRICS_TOKEN",
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The tokens in the environment; those that are not set are left out.
 *
 * @throws HyperAgentError `BAD_OPTION` for one that no server takes
 */
export function readTokens(environment: Environment): Partial<Record<keyof typeof TOKENS, string>> {
	return Object.fromEntries(
		Object.entries(TOKENS).flatMap(([name, variable]) => {
			const token = environment[variable];
			if (token === undefined) return [];
			if (/^[\x21-\x7e]{1,512}$/.test(token)) return [[name, token] as const];
			throw new HyperAgentError(
				"BAD_OPTION",
				`${variable}: expected 1 to 512 visible ASCII characters without a space.`,
			);
		}),
	);
}
