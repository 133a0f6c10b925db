import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DashboardServer, type DashboardServerOptions } from "../dashboard/index.ts";
import { addBudget, CostTracker, initPrometheus, type Ledger, openLedger } from "../monitoring/index.ts";
import { requireSdks } from "./require-sdks.ts";
import { startSimulatedProvider } from "./simulated-provider.ts";
import { Workload, WORKLOAD_ROUTES } from "./workload.ts";

/** How the demo runs. */
export interface DemoOptions {
	/** Where the page and `/metrics` are served: "127.0.0.1:8080"; port 0 takes a free one. */
	readonly address: string;
	/** How many times faster than life. Default 1. */
	readonly speed?: number;
	/** Default 1. */
	readonly seed?: number;
	/** The file of its ledger; a temporary one, which goes with it, unless given. */
	readonly ledger?: string;
	/** Who may see it, and where else. */
	readonly server?: DashboardServerOptions;
}

/** A running demo. */
export interface Demo {
	/** Of the page, without a slash at its end. */
	readonly url: string;
	readonly providerUrl: string;
	/** Settles what is under way and closes both servers. */
	close(): Promise<void>;
}

/**
 * Everything at once on simulated data: recorder, cost tracker, ledger, budgets, dashboard, provider and workload.
 *
 * @throws HyperAgentError when the address cannot be listened on, or the SDKs are not installed
 */
export async function runDemo({ address, seed = 1, speed = 1, ...options }: DemoOptions): Promise<Demo> {
	requireSdks();
	initPrometheus({ routes: WORKLOAD_ROUTES });
	const { ledger, removeLedger } = openDemoLedger(options.ledger);
	const budgets = [
		addBudget({ name: "everything", limitUsd: 1000, window: "day", ledger }),
		addBudget({ name: "chat", limitUsd: 20, window: "hour", scope: { route: "chat" }, ledger }),
	];
	const server = new DashboardServer(new CostTracker({ ledger }), {
		...options.server,
		notice: "Simulated data: no real provider, no real cost.",
	});
	const provider = await startSimulatedProvider({ seed, speed });
	const stop = new AbortController();
	const closeAll = async (): Promise<void> => {
		await Promise.all([server.close(), provider.close()]);
		for (const budget of budgets) budget.close();
		await ledger.close();
		removeLedger();
	};
	try {
		const workload = new Workload(provider, { seed, speed });
		await server.run(address);
		const work = workload.run(stop.signal).catch((error: unknown) => {
			console.error(`The simulated workload has stopped: ${String(error)}`);
		});
		return {
			url: server.url,
			providerUrl: provider.url,
			close: async () => {
				stop.abort();
				await work;
				await closeAll();
			},
		};
	} catch (error) {
		await closeAll();
		throw error;
	}
}

function openDemoLedger(path: string | undefined): { ledger: Ledger; removeLedger: () => void } {
	if (path !== undefined) return { ledger: openLedger({ path }), removeLedger: () => undefined };
	const folder = mkdtempSync(join(tmpdir(), "hyperagent-demo-"));
	const ledger = openLedger({ path: join(folder, "costs.db") });
	return { ledger, removeLedger: () => rmSync(folder, { recursive: true, force: true }) };
}
