import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { InstalledPackage } from "./installed-package.ts";

const ROOT: string = join(import.meta.dirname, "../..");
/** TypeScript 5.9, 6 and 7. */
const COMPILERS = ["typescript5", "typescript6", "typescript"] as const;
/** What users have beside us; the majors of openai under aliases. */
const CLIENTS: readonly string[] = [
	"openai",
	"openai5",
	"openai6",
	"@anthropic-ai/sdk",
	"@google/genai",
	"@langchain/openai",
	"@ai-sdk/openai",
	"ai",
	"@types/node",
];
const OPTIONS: readonly string[] =
	"--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --module nodenext --target es2022 --lib es2023,dom --types node".split(
		" ",
	);

/** `instrument` gives exactly the type that it is given; each line that is marked must be an error. */
const USER = `
import { instrument, meteredFetch, meteringMiddleware, withRoute } from "@hyperagent/observe/instrument";
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { GoogleGenAI } from "@google/genai";
import { ChatOpenAI } from "@langchain/openai";
import { wrapLanguageModel } from "ai";
import OpenAI, { AzureOpenAI } from "openai";
import OpenAI5 from "openai5";
import OpenAI6 from "openai6";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A>(): <B>(value: B, isSame: Same<A, B>) => void;
const options = { route: "chat" };
const google = new GoogleGenAI({ apiKey: "k" });
same<OpenAI>()(instrument(new OpenAI({ apiKey: "k" }), options), true);
same<AzureOpenAI>()(instrument(new AzureOpenAI({ apiKey: "k", endpoint: "https://x", apiVersion: "1" }), options), true);
same<OpenAI5>()(instrument(new OpenAI5({ apiKey: "k" }), options), true);
same<OpenAI6>()(instrument(new OpenAI6({ apiKey: "k" }), options), true);
same<Anthropic>()(instrument(new Anthropic({ apiKey: "k" }), { route: "chat", provider: "anthropic" }), true);
same<GoogleGenAI>()(instrument(google, options), true);
same<ChatOpenAI>()(instrument(new ChatOpenAI({ apiKey: "k" }), options), true);
const model = createOpenAI({ apiKey: "k" }).chat("gpt-4o-mini");
same<typeof model>()(instrument(model, options), true);
wrapLanguageModel({ model, middleware: meteringMiddleware(options) });
createOpenAI({ apiKey: "k", fetch: meteredFetch(fetch, options) });
new OpenAI({ apiKey: "k", fetch: meteredFetch() });
const answer: Promise<number> = withRoute("summarize", async () => 1);
void answer;
// @ts-expect-error a route is needed
instrument(google, {});
// @ts-expect-error it is no client
instrument("gpt-4o-mini", options);
// @ts-expect-error the types are not the same
same<OpenAI>()(instrument(google, options), true);
`;

describe("the types of /instrument", () => {
	let installed: InstalledPackage;

	beforeAll(async () => {
		installed = await InstalledPackage.make();
		for (const name of CLIENTS) {
			const path = join(installed.path, "node_modules", name);
			await mkdir(dirname(path), { recursive: true });
			await symlink(join(ROOT, "node_modules", name), path);
		}
		await writeFile(join(installed.path, "user.mts"), USER);
		await writeFile(join(installed.path, "wrong.mts"), USER.replaceAll(/\/\/ @ts-expect-error.*/g, ""));
		return () => installed.remove();
	});

	describe.for(COMPILERS)("under %s", (compiler) => {
		const tsc = join(ROOT, "node_modules", compiler, "bin/tsc");

		test("a client's type is exactly what it was", async () => {
			const { code, stdout } = await installed.run(process.versions.node, [tsc, ...OPTIONS, "user.mts"]);
			expect(stdout).toBe("");
			expect(code).toBe(0);
		});

		test("three planted errors are found", async () => {
			const { stdout } = await installed.run(process.versions.node, [tsc, ...OPTIONS, "wrong.mts"]);
			expect(stdout.match(/^wrong\.mts\(\d+,\d+\): error TS/gm)).toHaveLength(3);
		});
	});
});
