import { basename } from "node:path";
import type { CAC } from "cac";
import { HyperAgentError } from "../../core/hyperagent-error.ts";
import { plainOption } from "../plain-option.ts";
import {
	addServerFlags,
	readServerFlags,
	type ServerFlags,
	stopSignal,
	withAddressHint,
} from "../server-flags.ts";

/** Adds `hyperagent dashboard`: the page over a ledger's file, whether or not a program still writes to it. */
export function dashboardCommand(cli: CAC): void {
	addServerFlags(
		cli
			.command("dashboard", "Show the page over a ledger's file: what programs have spent, without a program")
			.option("--ledger <file>", "The file that openLedger({ path }) names"),
	)
		.example("hyperagent dashboard --ledger costs.db --address 127.0.0.1:8090")
		.action(async (options: Readonly<Record<string, unknown>>) => {
			const path = plainOption("ledger", options, cli.rawArgs);
			if (path === undefined) {
				throw new HyperAgentError(
					"BAD_OPTION",
					"--ledger: expected the file that openLedger({ path }) names.",
				);
			}
			await runDashboard(path, readServerFlags(options, cli.rawArgs));
		});
}

async function runDashboard(path: string, { address, options }: ServerFlags): Promise<void> {
	// Only now: a typing error needs no server and no database.
	const { readLedger } = await import("../../ledger/read-ledger.ts");
	const { CostTracker, openLedger } = await import("../../monitoring/index.ts");
	const { DashboardServer } = await import("../../dashboard/index.ts");
	const stopped = stopSignal();
	// Says so where there is no ledger, and takes in what programs that are no more have left beside it.
	await (await readLedger(path, (message) => console.error(`hyperagent: ${message}`))).close();
	const ledger = openLedger({ path, spoolBytes: 0 });
	const notice = `What the ledger ${basename(path)} holds. No calls are metered here, so what is counted since the start of this program is empty.`;
	const server = new DashboardServer(new CostTracker({ ledger }), { ...options, notice });
	try {
		await withAddressHint(async () => server.run(address));
		console.log(`The ledger ${path} is on ${server.url}/\n\nPress Ctrl+C to stop.`);
		await stopped;
	} finally {
		await server.close();
		await ledger.close();
	}
}
