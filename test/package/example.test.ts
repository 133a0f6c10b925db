import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { InstalledPackage } from "./installed-package.ts";

const ROOT: string = join(import.meta.dirname, "../..");
const OPENAI: string = `openai@${packageJson.devDependencies.openai}`;

/** What api.openai.com would answer: 150 tokens in, 50 out. */
const ANSWER = {
	id: "chatcmpl-1",
	object: "chat.completion",
	created: 1,
	model: "gpt-4-turbo",
	choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
	usage: { prompt_tokens: 150, completion_tokens: 50, total_tokens: 200 },
};

let installed: InstalledPackage;
let provider: Server;
const paths: (string | undefined)[] = [];

beforeAll(async () => {
	provider = createServer((request, response) => {
		paths.push(request.url);
		response.setHeader("content-type", "application/json").end(JSON.stringify(ANSWER));
	});
	await once(provider.listen(0, "127.0.0.1"), "listening");
	installed = await InstalledPackage.make(OPENAI);
	const example = await readFile(join(ROOT, "examples/prometheus-monitoring.ts"), "utf8");
	// 22.13 does not strip types without a flag yet; the newer ones take the file as it is.
	await writeFile(join(installed.path, "example.mjs"), stripTypeScriptTypes(example));
	await writeFile(join(installed.path, "example.mts"), example);
	// The README's quick start is both languages at once, and has no end.
	const quick = `${await quickStart()}\nawait server.close();\n`.replace("127.0.0.1:8080", "127.0.0.1:0");
	await Promise.all(["mjs", "mts"].map((ext) => writeFile(join(installed.path, `quick.${ext}`), quick)));
	return async () => {
		provider.close();
		await installed.remove();
	};
});

test.for([
	["22.13.0", "example.mjs"],
	[process.versions.node, "example.mts"],
	["22.13.0", "quick.mjs"],
	[process.versions.node, "quick.mts"],
] as const)("Node.js %s runs the %s of the guide or the README", async ([version, file]) => {
	paths.length = 0;
	// A listening server has an address of this kind, not a pipe's string.
	const { port } = provider.address() as AddressInfo;
	const { code, stdout, stderr } = await installed.run(version, [file], {
		HYPERAGENT_ADDRESS: "127.0.0.1:0",
		OPENAI_API_KEY: "sk-not-a-key",
		OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
	});
	expect(stderr).toBe("");
	// gpt-4-turbo costs $0.01 and $0.03 per 1,000 tokens: 150 and 50 of them make $0.003.
	for (const [metric, value] of [
		["llm_tokens_input_total", "150"],
		["llm_tokens_output_total", "50"],
		["llm_tokens_total", "200"],
		["llm_cost_usd_total", "0.3"],
		["llm_latency_ms_count", "1"],
		["llm_active_requests", "0"],
	]) {
		expect(stdout).toContain(`\n${metric}{route="chat",model="gpt-4-turbo"} ${value}\n`);
	}
	expect(paths).toEqual(["/v1/chat/completions"]);
	expect(code).toBe(0);
});

async function quickStart(): Promise<string> {
	const code = /^Save this as `quick\.mts`:\n.*?^```ts\n(.*?)^```$/ms.exec(
		await readFile(join(ROOT, "README.md"), "utf8"),
	)?.[1];
	if (code === undefined) throw new Error("The README has no quick start.");
	return code;
}
