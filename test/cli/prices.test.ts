import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openLedger } from "../../src/monitoring/index.ts";
import { InstrumentedBackend, type LLMBackend } from "../../src/providers/index.ts";
import { complaint, hyperagent } from "./hyperagent.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-prices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(...args: readonly string[]): Promise<string> {
	const { code, stderr, stdout } = await hyperagent(["prices", ...args]);
	if (code !== 0 || stderr !== "") throw new Error(`${code}: ${stderr}`);
	return stdout;
}

function write(name: string, value: unknown): string {
	const path = join(folder, name);
	writeFileSync(path, JSON.stringify(value));
	return path;
}

describe("hyperagent prices", { timeout: 20_000 }, () => {
	test("prints what a model costs with each provider, and why", async () => {
		const text = await output("claude-sonnet-4-5");
		// What Anthropic lists: https://platform.claude.com/docs/en/about-claude/pricing
		expect(text).toContain(`claude-sonnet-4-5 at anthropic
genai-prices 0.1.8 of 2026-09-23 (claude-sonnet-4-5, exact)
  USD per million tokens
                          up to 200,000 input  above 200,000
  input                   3                    6
  cache read              0.3                  0.6
  cache write, 5 minutes  3.75                 7.5
  cache write, 1 hour     6                    12
  output                  15                   22.5
  USD per web search      0.01
  USD per web_fetch       0
  service tiers           batch × 0.5, us × 1.1
`);
		expect(text).toContain("\nclaude-sonnet-4-5 at google\n");
	});

	test("of one provider, by any of its names, and of several models", async () => {
		const text = await output("gpt-4o", "gpt-4-turbo-2024-04-09", "--provider", "my-openai-proxy");
		expect(text.match(/^\S.* at .*$/gm)).toEqual([
			"gpt-4o at my-openai-proxy",
			"gpt-4-turbo-2024-04-09 at my-openai-proxy",
		]);
	});

	test("how it was matched: by a pattern, and until when it holds", async () => {
		const text = await output("gemini-3.6-flash-001", "--provider", "google");
		expect(text).toContain("(gemini-3.6-flash, prefix); until 2027-01-01\n");
	});

	test("what is billed by the request, and what by something that we do not count", async () => {
		expect(await output("sonar", "--provider", "perplexity")).toContain("USD per request         0.012\n");
		expect(await output("whisper-large-v3", "--provider", "groq")).toContain("not billed by tokens\n");
	});

	test("the user's own prices and discounts", async () => {
		const models = [
			{ provider: "openai", model: "gpt-4o*", from: "2026-07-01", input: 2, output: 8, request: 0.001 },
		];
		const providers = { anthropic: { discount: 0.12 } };
		const file = write("prices.json", { models, providers });
		expect(await output("gpt-4o", "--provider", "openai", "--prices", file)).toBe(`gpt-4o at openai
your own price from 2026-07-01 (gpt-4o*)
  USD per million tokens
  input                   2
  output                  8
  USD per request         0.001
  service tiers           batch × 0.5, flex × 0.5

`);
		const discounted = await output("claude-haiku-4-5", "--provider", "anthropic", "--prices", file);
		expect(discounted).toContain("discount                12 % off\n");
	});

	test("until when, where another price of one's own begins to hold", async () => {
		const gpt = { provider: "openai", model: "gpt-4o", input: 1, output: 1 };
		const untilOf = async (...models: readonly object[]): Promise<string | undefined> => {
			const file = write("until.json", { models });
			const text = await output("gpt-4o", "--provider", "openai", "--prices", file);
			return /; until (\S+)$/m.exec(text)?.[1];
		};
		// From the list's price to one's own, from one's own to the next, and back to the list's.
		expect(await untilOf({ ...gpt, from: "2099-01-01" })).toBe("2099-01-01");
		expect(await untilOf(gpt, { ...gpt, input: 2, from: "2099-01-01T12:00:00Z" })).toBe(
			"2099-01-01T12:00:00Z",
		);
		expect(await untilOf({ ...gpt, until: "2098-01-01" })).toBe("2098-01-01");
		// A looser entry does not count beside the exact one, and the same price is no other.
		const looser = { ...gpt, model: "gpt*", input: 9, from: "2097-01-01" };
		expect(await untilOf(gpt, looser, { ...gpt, from: "2098-01-01" })).toBeUndefined();
	});

	test("--json is the same for programs", async () => {
		const sheets: unknown = JSON.parse(await output("gpt-4o", "--provider", "openai", "--json"));
		expect(sheets).toEqual([
			{
				provider: "openai",
				model: "gpt-4o",
				source: "genai-prices",
				match: "exact",
				pricedModel: "gpt-4o",
				asOf: "2026-09-23T10:11:04Z",
				until: null,
				perMillionTokens: [
					{
						above: 0,
						input: 2.5,
						inputAudio: 2.5,
						inputImage: 2.5,
						cacheRead: 1.25,
						cacheReadAudio: 1.25,
						cacheWrite5m: 2.5,
						cacheWrite1h: 2.5,
						output: 10,
						reasoning: 10,
						outputAudio: 10,
						outputImage: 10,
					},
				],
				hasInputPrice: true,
				hasOutputPrice: true,
				perRequest: 0,
				perWebSearch: 0.01,
				perToolUse: { file_search: 0.0025 },
				serviceTiers: { batch: 0.5, flex: 0.5 },
				discount: 0,
			},
		]);
	});

	test("an unknown model is exit code 2, with the names that are near; what is known is printed", async () => {
		expect(await complaint(["prices", "gpt-4oo"])).toMatch(
			/^hyperagent: No price is known for "gpt-4oo" \(near: gpt-4o(, [\w.-]+)*\)\.$/,
		);
		expect(await complaint(["prices", "gpt-4o", "--provider", "nobody"])).toBe(
			'hyperagent: No price is known for "gpt-4o" at nobody, a provider that nobody has listed.',
		);
		const { code, stderr, stdout } = await hyperagent(["prices", "gpt-4o", "zzz", "--provider", "openai"]);
		expect({ code, stderr }).toEqual({
			code: 2,
			stderr: 'hyperagent: No price is known for "zzz" at openai.\n',
		});
		expect(stdout).toContain("gpt-4o at openai\n");
	});

	test.each([
		[[], "Expected the name of a model, or --unpriced."],
		[["--unpriced"], "--ledger: expected the file that openLedger({ path }) names."],
		[["gpt-4o", "--unpriced"], "Expected the names of models or --unpriced, not both."],
		[
			["gpt-4o", "--prices", "nowhere.json"],
			"--prices: expected the path of a JSON file at `prices` (ENOENT), got 'nowhere.json'.",
		],
	])("%j is one line and exit code 2", async (args, message) => {
		expect(await complaint(["prices", ...args])).toBe(`hyperagent: ${message}`);
	});

	test("a mistake in the file of prices is told with its place", async () => {
		const file = write("wrong.json", { discount: 12 });
		expect(await complaint(["prices", "gpt-4o", "--prices", file])).toBe(
			`hyperagent: --prices: expected a share from 0 to 1 (0.12 is 12 %) at \`discount\` in ${file}, got 12.`,
		);
	});
});

describe("hyperagent prices --unpriced", { timeout: 20_000 }, () => {
	const backend = (provider: string, model: string): LLMBackend => ({
		infer: () =>
			Promise.resolve({
				content: "",
				toolCalls: [],
				finishReason: "stop",
				model,
				usage: { inputUncached: 150, output: 50 },
			}),
		inferStream: () => {
			throw new Error("no streams");
		},
		embed: () => Promise.reject(new Error("no embeddings")),
		modelInfo: () => ({ model, provider }),
	});

	test("lists the models in a ledger that have calls without a known price", async () => {
		const path = join(folder, "costs.db");
		const ledger = openLedger({ path });
		for (const [provider, model, calls] of [
			["openai", "gpt-4o", 2],
			["openai", "model-of-nobody-1", 3],
			["ollama", "llama3.3", 1],
		] as const) {
			const metered = new InstrumentedBackend(backend(provider, model), provider, "chat");
			for (let i = 0; i < calls; i += 1) await metered.infer([], [], 0.7);
		}
		await ledger.close();
		const lines = (await output("--unpriced", "--ledger", path)).trimEnd().split("\n");
		expect(lines.map((line) => line.replace(/\d{4}-\d\d-\d\dT\d\d:\d\dZ/, "TIME").split(/ {2,}/))).toEqual([
			["provider", "model", "reason", "last", "calls"],
			expect.anything(),
			["openai", "model-of-nobody-1", "unknown_model", "TIME", "3"],
			["ollama", "llama3.3", "unknown_model", "TIME", "1"],
			expect.anything(),
			["total", "4"],
		]);
		const json: unknown = JSON.parse(await output("--unpriced", "--ledger", path, "--json"));
		expect(json).toMatchObject([
			{ provider: "openai", model: "model-of-nobody-1", reason: "unknown_model", calls: 3 },
			{ provider: "ollama", model: "llama3.3", reason: "unknown_model", calls: 1 },
		]);
	});

	test("of a file that is none it says so", async () => {
		const line = await complaint(["prices", "--unpriced", "--ledger", join(folder, "nowhere.db")]);
		expect(line).toContain("nowhere.db");
	});
});
