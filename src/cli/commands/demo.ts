import { fileURLToPath } from "node:url";
import { relative, sep } from "node:path";
import type { CAC } from "cac";
import { HyperAgentError } from "../../core/hyperagent-error.ts";
import type { Demo, DemoOptions } from "../../demo/demo.ts";

/** Adds `hyperagent demo`: everything at work on a simulated provider, until a signal comes. */
export function demoCommand(cli: CAC): void {
	cli
		.command(
			"demo",
			"Show /metrics and the page at work, on a simulated provider: no key, no network, no cost",
		)
		.option("--address <host:port>", "Where to serve", { default: "127.0.0.1:8080" })
		.option("--speed <factor>", "How many times faster than life the provider and the work are", {
			default: 1,
		})
		.option("--seed <number>", "The same seed simulates the same work", { default: 1 })
		.example("hyperagent demo --address 127.0.0.1:0 --speed 10")
		.action((options: Readonly<Record<string, unknown>>) =>
			runDemoCommand(readOptions(options, cli.rawArgs)),
		);
}

function readOptions(options: Readonly<Record<string, unknown>>, args: readonly string[]): DemoOptions {
	const { address, speed } = options;
	if (typeof address !== "string" && typeof address !== "number") {
		throw badOption("--address", "one host:port", address);
	}
	const typedAddress = typed("--address", args) ?? String(address);
	if (typedAddress.trim() === "") throw badOption("--address", "host:port", typedAddress);
	if (typeof speed !== "number" || !(speed > 0 && speed <= 1000)) {
		throw badOption("--speed", "a number above 0 and up to 1000", speed);
	}
	const seed = typed("--seed", args)?.trim() === "" ? "" : options["seed"];
	if (typeof seed !== "number" || !Number.isSafeInteger(seed)) {
		throw badOption("--seed", "a whole number", seed);
	}
	return { address: typedAddress, speed, seed };
}

/** What was typed as an option's value: the parser makes a number of what looks like one, and of "" it makes 0. */
function typed(option: string, args: readonly string[]): string | undefined {
	const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
	return at === -1 ? undefined : args[at]?.slice(option.length + 1) || args[at + 1];
}

async function runDemoCommand(options: DemoOptions): Promise<void> {
	const stopped = new Promise<void>((resolve) => {
		process.once("SIGINT", () => resolve());
		process.once("SIGTERM", () => resolve());
	});
	const demo = await startDemo(options);
	console.log(`Simulated data: a made-up provider on ${demo.providerUrl} answers a made-up workload. Nothing leaves this machine.

  Page        ${demo.url}/
  Metrics     ${demo.url}/metrics
  Prometheus  point a scrape job at ${new URL(demo.url).host}: see ${deployPath("prometheus")}
  Grafana     import ${deployPath("grafana/hyperagent.json")}
  Both        docker compose -f ${deployPath("compose.yaml")} up

Press Ctrl+C to stop.`);
	await stopped;
	await demo.close();
}

async function startDemo(options: DemoOptions): Promise<Demo> {
	// Only now: the other commands and --help do without servers and SDKs.
	const { runDemo } = await import("../../demo/demo.ts");
	try {
		return await runDemo(options);
	} catch (error) {
		if (!(error instanceof HyperAgentError) || error.code !== "LISTEN_FAILED") throw error;
		const hint = "Choose another with --address; --address 127.0.0.1:0 takes any free port.";
		throw new HyperAgentError("LISTEN_FAILED", `${error.message} ${hint}`, { cause: error });
	}
}

/** Where a file of `deploy/` is, as one types it here: in a clone as in node_modules. */
function deployPath(name: string): string {
	const path = fileURLToPath(new URL(`../../../deploy/${name}`, import.meta.url));
	const fromHere = relative(process.cwd(), path);
	const shown = fromHere.startsWith(`..${sep}`) ? path : fromHere;
	return /[^\w@%+=:,./\\-]/.test(shown) ? `"${shown}"` : shown;
}

function badOption(option: string, expected: string, got: unknown): HyperAgentError {
	return new HyperAgentError("BAD_OPTION", `${option}: expected ${expected}, got ${JSON.stringify(got)}.`);
}
