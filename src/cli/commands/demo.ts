import { fileURLToPath } from "node:url";
import { relative, sep } from "node:path";
import type { CAC } from "cac";
import { HyperAgentError } from "../../core/hyperagent-error.ts";
import type { DemoOptions } from "../../demo/demo.ts";
import { plainOption } from "../plain-option.ts";
import { addServerFlags, readServerFlags, stopSignal, withAddressHint } from "../server-flags.ts";

/** Adds `hyperagent demo`: everything at work on a simulated provider, until a signal comes. */
export function demoCommand(cli: CAC): void {
	addServerFlags(
		cli.command(
			"demo",
			"Show /metrics and the page at work, on a simulated provider: no key, no network, no cost",
		),
	)
		.option("--speed <factor>", "How many times faster than life the provider and the work are", {
			default: 1,
		})
		.option("--seed <number>", "The same seed simulates the same work", { default: 1 })
		.option("--ledger <file>", "Where its calls are kept; a temporary file unless given")
		.example("hyperagent demo --address 127.0.0.1:0 --speed 10")
		.action((options: Readonly<Record<string, unknown>>) =>
			runDemoCommand(readOptions(options, cli.rawArgs)),
		);
}

function readOptions(options: Readonly<Record<string, unknown>>, args: readonly string[]): DemoOptions {
	const { speed } = options;
	if (typeof speed !== "number" || !(speed > 0 && speed <= 1000)) {
		throw badOption("--speed", "a number above 0 and up to 1000", speed);
	}
	const seed = typed("--seed", args)?.trim() === "" ? "" : options["seed"];
	if (typeof seed !== "number" || !Number.isSafeInteger(seed)) {
		throw badOption("--seed", "a whole number", seed);
	}
	const { address, options: server } = readServerFlags(options, args);
	const ledger = plainOption("ledger", options, args);
	return { address, speed, seed, server, ...(ledger === undefined ? {} : { ledger }) };
}

/** What was typed as an option's value: the parser makes a number of what looks like one, and of "" it makes 0. */
function typed(option: string, args: readonly string[]): string | undefined {
	const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
	return at === -1 ? undefined : args[at]?.slice(option.length + 1) || args[at + 1];
}

async function runDemoCommand(options: DemoOptions): Promise<void> {
	const stopped = stopSignal();
	// Only now: the other commands and --help do without servers and SDKs.
	const { runDemo } = await import("../../demo/demo.ts");
	const demo = await withAddressHint(async () => runDemo(options));
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
