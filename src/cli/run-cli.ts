import { cac } from "cac";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { VERSION } from "../core/version.ts";
import { costsCommand } from "./commands/costs.ts";
import { dashboardCommand } from "./commands/dashboard.ts";
import { demoCommand } from "./commands/demo.ts";
import { reconcileCommand } from "./commands/reconcile.ts";
import { pricesCommand } from "./commands/prices.ts";

/**
 * Runs the command of a command line (`process.argv`).
 *
 * @returns the exit code: 0; 2 for what the user can mend, told in one line; 1 for what should not happen
 */
export async function runCli(argv: readonly string[]): Promise<number> {
	const cli = cac("hyperagent");
	demoCommand(cli);
	dashboardCommand(cli);
	costsCommand(cli);
	reconcileCommand(cli);
	pricesCommand(cli);
	cli.help();
	cli.version(VERSION);
	try {
		const { args, options } = cli.parse([...argv], { run: false });
		if (options["help"] === true || options["version"] === true) return 0;
		if (cli.matchedCommand === undefined) {
			cli.globalCommand.checkUnknownOptions();
			if (args[0] !== undefined) throw usageError(`Unknown command \`${args[0]}\``);
			cli.outputHelp();
			return 0;
		}
		// What the command's action returns: cac's own type for it is any.
		await (cli.runMatchedCommand() as Promise<void> | undefined);
		return 0;
	} catch (error) {
		console.error(`hyperagent: ${oneLine(error)}`);
		return isUsageError(error) || error instanceof HyperAgentError ? 2 : 1;
	}
}

/** A mistake in the command line; cac throws its own with the same name. */
function usageError(message: string): Error {
	const error = new Error(message);
	error.name = "CACError";
	return error;
}

function isUsageError(error: unknown): error is Error {
	return error instanceof Error && error.name === "CACError";
}

function oneLine(error: unknown): string {
	if (isUsageError(error)) {
		const { message } = error;
		return `${message.charAt(0).toUpperCase()}${message.slice(1)}. See \`hyperagent --help\`.`;
	}
	if (error instanceof HyperAgentError) return error.message;
	const message = error instanceof Error ? error.message : String(error);
	return `unexpected error: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
}
