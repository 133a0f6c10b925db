/**
 * A process that settles calls with a ledger open, for tests that kill it: `node ledger-process.ts <path> <calls/s>
 * <seconds> [spoolBytes]`. It prints a line of JSON each time that a flush has succeeded, with the number of the last
 * call settled before it, and one when it has failed.
 */
import { callId, PROCESS_ID } from "../../src/core/call-id.ts";
import { Call } from "../../src/monitoring/call.ts";
import { CostTracker, openLedger } from "../../src/monitoring/index.ts";
import { DashboardServer } from "../../src/dashboard/index.ts";

const [path = "", perSecond = "1000", seconds = "60", spoolBytes] = process.argv.slice(2);
const server = new DashboardServer(new CostTracker());
const url = await server.run("127.0.0.1:0");
const ledger = openLedger({
	path,
	...(spoolBytes === undefined ? undefined : { spoolBytes: Number(spoolBytes) }),
	onError: (error) => say({ told: error.message }),
});
let settled = 0;
const startedAt = performance.now();

function say(line: object): void {
	process.stdout.write(`${JSON.stringify(line)}\n`);
}

function settle(): void {
	const call = new Call({ operation: "chat", route: "chat", provider: "openai", model: "gpt-4-turbo" });
	call.reportUsage({ inputUncached: 100, output: 50 });
	call.succeed();
	settled += 1;
}

say({ process: PROCESS_ID, first: callId(1), url });
const ticking = setInterval(() => {
	const due = Math.floor(((performance.now() - startedAt) * Number(perSecond)) / 1000);
	while (settled < due) settle();
	say({ settled, at: Date.now() });
}, 5);
while (performance.now() - startedAt < Number(seconds) * 1000) {
	await new Promise((resolve) => setTimeout(resolve, 200));
	const before = settled;
	try {
		await ledger.flush();
		say({ acknowledged: before, at: Date.now() });
	} catch (error) {
		say({ refused: before, error: String(error) });
	}
}
clearInterval(ticking);
await ledger.close();
await server.close();
say({ ended: settled });
