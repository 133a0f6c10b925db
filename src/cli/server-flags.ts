import type { Command } from "cac";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { DashboardServerOptions } from "../dashboard/index.ts";
import { plainOption } from "./plain-option.ts";
import { readTokens, TOKENS } from "./tokens.ts";

/** Where a command serves, and who may see it. */
export interface ServerFlags {
	readonly address: string;
	readonly options: DashboardServerOptions;
}

/** Adds the options of a command that serves the page. */
export function addServerFlags(command: Command): Command {
	return command
		.option("--address <host:port>", "Where to serve", { default: "127.0.0.1:8080" })
		.option(
			"--metrics-address <host:port>",
			"Serve /metrics, /health and /ready here as well, and nothing else",
		)
		.option(
			"--allow-unauthenticated",
			`Let everybody see everything; else other machines need the token that ${TOKENS.authToken} holds (${TOKENS.metricsToken}: one for /metrics)`,
		);
}

/**
 * What was typed, and the tokens in the environment.
 *
 * @throws HyperAgentError `BAD_OPTION`
 */
export function readServerFlags(
	options: Readonly<Record<string, unknown>>,
	args: readonly string[],
	environment: Readonly<Record<string, string | undefined>> = process.env,
): ServerFlags {
	const address = readAddress(options["address"], args);
	const metricsAddress = plainOption(
		"metrics-address",
		{ "metrics-address": options["metricsAddress"] },
		args,
	);
	const tokens = readTokens(environment);
	const letsAllIn = options["allowUnauthenticated"] === true;
	if (letsAllIn && environment[TOKENS.authToken] !== undefined) {
		throw new HyperAgentError(
			"BAD_OPTION",
			`--allow-unauthenticated: expected no ${TOKENS.authToken} beside it: one of the two cannot be meant.`,
		);
	}
	return {
		address,
		options: {
			...tokens,
			...(metricsAddress === undefined ? {} : { metricsAddress }),
			...(letsAllIn ? { allowUnauthenticated: true } : {}),
		},
	};
}

function readAddress(value: unknown, args: readonly string[]): string {
	const expected = (what: string, got: unknown): HyperAgentError =>
		new HyperAgentError("BAD_OPTION", `--address: expected ${what}, got ${JSON.stringify(got)}.`);
	if (typeof value !== "string" && typeof value !== "number") throw expected("one host:port", value);
	// The parser makes a number of what looks like one, and of "" it makes 0.
	const at = args.findIndex((arg) => arg === "--address" || arg.startsWith("--address="));
	const typed = at === -1 ? undefined : args[at]?.slice("--address".length + 1) || args[at + 1];
	const address = typed ?? String(value);
	if (address.trim() === "") throw expected("host:port", address);
	return address;
}

/** Adds what to type where the address is taken. */
export async function withAddressHint<T>(start: () => Promise<T>): Promise<T> {
	try {
		return await start();
	} catch (error) {
		if (!(error instanceof HyperAgentError) || error.code !== "LISTEN_FAILED") throw error;
		const hint = "Choose another with --address; --address 127.0.0.1:0 takes any free port.";
		throw new HyperAgentError("LISTEN_FAILED", `${error.message} ${hint}`, { cause: error });
	}
}

/** Resolves when the user, or the system, wants the command to end. */
export async function stopSignal(): Promise<void> {
	await new Promise<void>((resolve) => {
		process.once("SIGINT", () => resolve());
		process.once("SIGTERM", () => resolve());
	});
}
