/**
 * A program with 200 (route, model) pairs and twenty calls a second, and its dashboard. Tells its address to the process
 * that has started it; told a number of milliseconds, it tells how much of a core it has used in them.
 */
import { DashboardServer } from "../../src/dashboard/index.ts";
import {
	CostTracker,
	initPrometheus,
	recordLlmCost,
	recordLlmLatency,
	recordLlmTokens,
} from "../../src/monitoring/index.ts";

initPrometheus();
const server = new DashboardServer(new CostTracker());

function call(i: number): void {
	const [route, model] = [`route-${Math.floor(i / 10) % 20}`, `model-${i % 10}`];
	recordLlmTokens(route, model, 1000 + i, 100);
	recordLlmCost(route, model, 0.0025);
	recordLlmLatency(route, model, 500 + (i % 1000));
}

for (let i = 0; i < 200; i += 1) call(i);
let calls = 200;
setInterval(() => call((calls += 1)), 50);

process.on("message", (ms: number) => {
	const before = process.cpuUsage();
	const started = performance.now();
	setTimeout(() => {
		const { system, user } = process.cpuUsage(before);
		process.send?.({ share: (system + user) / 1000 / (performance.now() - started) });
	}, ms);
});
process.on("disconnect", () => process.exit());
process.send?.({ url: await server.run("127.0.0.1:0") });
