import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CASES } from "./cases.ts";
import { CONTENDERS, type ContenderName } from "./contender.ts";
import { type BenchResult, type CaseResult, type Figure, median } from "./result.ts";

const PACKAGES: Readonly<Partial<Record<ContenderName, string>>> = {
	"prom-client": "prom-client",
	"prometheus-io": "@prometheus-io/client",
	opentelemetry: "@opentelemetry/sdk-metrics",
};

/** What to measure, and for how long. */
export interface Plan {
	readonly rounds: number;
	/** How long each case measures, in milliseconds. */
	readonly ms: number;
	/** Which case of which contender; all without it. */
	readonly wants?: (contender: ContenderName, name: string) => boolean;
	/** Told before each case. */
	readonly onCase?: (title: string) => void;
}

/** Enough for a first look and for the gates. */
export const SHORT: Pick<Plan, "rounds" | "ms"> = { rounds: 3, ms: 100 };

/** Measures everything that the plan wants: a process for each figure, the contenders of a case in turn. */
export async function measureAll({ ms, onCase, rounds, wants = () => true }: Plan): Promise<BenchResult> {
	const results: CaseResult[] = [];
	for (const { mostRounds = rounds, name, title } of CASES) {
		let contenders = CONTENDERS.filter((contender) => wants(contender, name));
		if (contenders.length > 0) onCase?.(title);
		const figures = new Map<ContenderName, Figure[]>(contenders.map((contender) => [contender, []]));
		for (let round = 0; round < Math.min(rounds, mostRounds); round++) {
			for (const contender of contenders) {
				const figure = await measureOne(contender, name, ms);
				if (figure === null) contenders = contenders.filter((one) => one !== contender);
				else figures.get(contender)?.push(figure);
			}
		}
		for (const contender of contenders) results.push(summary(contender, name, figures.get(contender) ?? []));
	}
	return {
		node: process.versions.node,
		cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
		cores: cpus().length,
		day: new Date().toISOString().slice(0, 10),
		versions: await versions(),
		ms,
		results,
	};
}

async function measureOne(contender: ContenderName, name: string, ms: number): Promise<Figure | null> {
	const script = join(import.meta.dirname, "case.ts");
	const args = ["--expose-gc", script, contender, name, String(ms)];
	const { stdout } = await promisify(execFile)(process.execPath, args);
	return JSON.parse(stdout) as Figure | null; // case.ts prints nothing else
}

function summary(contender: ContenderName, name: string, figures: readonly Figure[]): CaseResult {
	const rounds = figures.map(({ value }) => value);
	const slowest = figures.flatMap(({ p99 }) => p99 ?? []);
	const lines = figures[0]?.lines;
	return {
		contender,
		case: name,
		value: median(rounds),
		...(slowest.length > 0 && { p99: median(slowest) }),
		...(lines !== undefined && { lines }),
		rounds,
	};
}

/** Not from an import: the packages do not export their package.json. */
async function versions(): Promise<BenchResult["versions"]> {
	const modules = join(import.meta.dirname, "..", "node_modules");
	const found: Partial<Record<ContenderName, string>> = {};
	for (const contender of CONTENDERS) {
		const name = PACKAGES[contender];
		if (name === undefined) continue;
		const text = await readFile(join(modules, name, "package.json"), "utf8");
		const { version } = JSON.parse(text) as { version: string }; // every package.json has one
		found[contender] = `${name} ${version}`;
	}
	return found;
}
