/** `npm test`: the build, the checks and every test; the last line counts what passed, failed and was skipped. */
import { startVitest, type TestCase, type TestModule, type TestSuite } from "vitest/node";
import { build } from "./build.ts";
import { runChecks } from "./check.ts";

/** The numbers of the last line. */
interface Count {
	passed: number;
	failed: number;
	skipped: number;
}

const problems = await build();
process.stdout.write(problems === "" ? "build: ok\n" : `build: FAILED\n${problems}`);
const checks = await runChecks();
const tests = await runTests();
const total: Count = {
	passed: checks.passed + tests.passed,
	failed: checks.failed + tests.failed + (problems === "" ? 0 : 1),
	skipped: tests.skipped,
};
process.exitCode = total.failed > 0 ? 1 : 0;
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);

async function runTests(): Promise<Count> {
	// A forgotten `.only` would skip the rest without a word.
	const vitest = await startVitest("test", process.argv.slice(2), { watch: false, allowOnly: false });
	const modules = vitest.state.getTestModules();
	const count: Count = { passed: 0, failed: vitest.state.getUnhandledErrors().length, skipped: 0 };
	const skipped = new Map<string, TestCase[]>();
	for (const module of modules) {
		count.failed += brokenSuites(module);
		for (const test of module.children.allTests()) {
			const result = test.result();
			if (result.state === "passed") count.passed += 1;
			else if (result.state !== "skipped") count.failed += 1;
			else {
				const reason = result.note ?? reasonOf(test);
				skipped.set(reason, [...(skipped.get(reason) ?? []), test]);
				count.skipped += 1;
			}
		}
	}
	await vitest.close();
	if (modules.length === 0) count.failed += 1;
	for (const [reason, cases] of skipped) {
		process.stdout.write(`skipped: ${reason}:\n${cases.map(lineOf).join("")}`);
	}
	return count;
}

/** How many files and suites failed outside of a test: while loading, or in a hook. */
function brokenSuites(module: TestModule): number {
	const suites: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
	return suites.filter((suite) => suite.errors().length > 0).length;
}

function reasonOf(test: TestCase): string {
	for (let at: TestSuite | TestModule = test.parent; ; at = at.parent) {
		if (at.errors().length > 0) return "its setup failed";
		if (at.type === "module") return "no reason given";
	}
}

function lineOf(test: TestCase): string {
	return `  ${test.module.relativeModuleId}: ${test.fullName}\n`;
}
