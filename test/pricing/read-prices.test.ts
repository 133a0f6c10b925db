import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { HyperAgentError } from "../../src/core/hyperagent-error.ts";
import { readPrices } from "../../src/pricing/read-prices.ts";

const folder = mkdtempSync(join(tmpdir(), "prices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function complaint(prices: unknown): string {
	try {
		readPrices("usePrices()", prices);
	} catch (error) {
		if (error instanceof HyperAgentError && error.code === "BAD_OPTION") return error.message;
		throw error;
	}
	throw new Error("nothing was thrown");
}

const GPT = { provider: "openai", model: "gpt-4o", input: 1 };
const models = (...entries: unknown[]): unknown => ({ models: entries });

describe("what cannot be meant is refused, with its place", () => {
	test.each<[unknown, string]>([
		[
			models(GPT, { ...GPT, model: "b" }, { ...GPT, input: "3" }),
			"usePrices(): expected a number of at least 0 at `prices.models[2].input`, got '3'.",
		],
		[7, "usePrices(): expected an object at `prices`, got 7."],
		[null, "usePrices(): expected an object at `prices`, got null."],
		[[], "usePrices(): expected an object at `prices`, got []."],
		[
			{ model: [] },
			"usePrices(): expected one of discount, models, providers, serviceTiers at `prices`, got 'model'.",
		],
		[{ models: {} }, "usePrices(): expected an array at `prices.models`, got {}."],
		[models("gpt-4o"), "usePrices(): expected an object at `prices.models[0]`, got 'gpt-4o'."],
		[models({ ...GPT, cached: 1 }), "at `prices.models[0]`, got 'cached'."],
		[
			models({ ...GPT, provider: undefined }),
			"expected a name of 1 to 256 characters at `prices.models[0].provider`, got undefined.",
		],
		[
			models({ ...GPT, model: " " }),
			"expected a name of 1 to 256 characters at `prices.models[0].model`, got ' '.",
		],
		[models({ ...GPT, model: "x".repeat(257) }), "at `prices.models[0].model`"],
		[
			models({ ...GPT, model: "gpt*mini" }),
			"expected a `*` at its end only at `prices.models[0].model`, got 'gpt*mini'.",
		],
		[
			models({ provider: "openai", model: "gpt-4o" }),
			"expected a price (`input` and `output`, say) or `serviceTiers` at `prices.models[0]`",
		],
		[models({ provider: "openai", model: "gpt-4o", from: "2026-01-01" }), "expected a price"],
		[
			models({ ...GPT, cacheWrite1h: -1 }),
			"expected a number of at least 0 at `prices.models[0].cacheWrite1h`, got -1.",
		],
		[models({ ...GPT, output: Number.NaN }), "at `prices.models[0].output`, got NaN."],
		[models({ ...GPT, output: Number.POSITIVE_INFINITY }), "at `prices.models[0].output`, got Infinity."],
		[models({ ...GPT, request: null }), "at `prices.models[0].request`, got null."],
		[models({ ...GPT, webSearch: "free" }), "at `prices.models[0].webSearch`, got 'free'."],
		[
			models({ ...GPT, tools: { file_search: "1" } }),
			"expected a number of at least 0 at `prices.models[0].tools.file_search`, got '1'.",
		],
		[models({ ...GPT, tools: [] }), "expected an object at `prices.models[0].tools`, got []."],
		[models({ ...GPT, tiers: {} }), "expected an array at `prices.models[0].tiers`, got {}."],
		[
			models({ ...GPT, tiers: [{ above: 0, input: 2 }] }),
			"expected a whole number above 0 at `prices.models[0].tiers[0].above`, got 0.",
		],
		[
			models({
				...GPT,
				tiers: [
					{ above: 2000, input: 2 },
					{ above: 1000, input: 3 },
				],
			}),
			"expected a whole number above 2000 at `prices.models[0].tiers[1].above`, got 1000.",
		],
		[
			models({ ...GPT, tiers: [{ above: 1000 }] }),
			"expected a price (`input`, say) at `prices.models[0].tiers[0]`",
		],
		[
			models({ ...GPT, tiers: [{ above: 1000, output: 2 }] }),
			"expected the price below that of `prices.models[0].tiers[0].output` at `prices.models[0].output`, got undefined.",
		],
		[
			models({ ...GPT, from: "yesterday" }),
			'expected a date ("2026-07-01") or a time ("2026-07-01T12:00:00Z") at `prices.models[0].from`, got \'yesterday\'.',
		],
		[models({ ...GPT, from: "2026-02-30" }), "at `prices.models[0].from`, got '2026-02-30'."],
		[models({ ...GPT, from: "2026-02-01T10:00" }), "at `prices.models[0].from`"],
		[models({ ...GPT, from: 1_767_225_600_000 }), "at `prices.models[0].from`, got 1767225600000."],
		[models({ ...GPT, until: "2026-13-01" }), "at `prices.models[0].until`, got '2026-13-01'."],
		[
			models({ ...GPT, from: "2026-02-01", until: "2026-02-01T00:00:00Z" }),
			"expected a time after 2026-02-01 at `prices.models[0].until`, got '2026-02-01T00:00:00Z'.",
		],
		[
			models(GPT, { ...GPT, model: "GPT-4o ", input: 2 }),
			"expected another model, or another `from`, than at `prices.models[0]` at `prices.models[1]`, got 'openai GPT-4o '.",
		],
		[
			models({ ...GPT, serviceTiers: { flex: "half" } }),
			"expected a number of at least 0 at `prices.models[0].serviceTiers.flex`, got 'half'.",
		],
		[
			{ serviceTiers: { default: 1 } },
			"expected tiers that cost more or less than the standard one at `prices.serviceTiers`, got 'default'.",
		],
		[
			{ serviceTiers: { Default: 1 } },
			"expected tiers that cost more or less than the standard one at `prices.serviceTiers`, got 'Default'.",
		],
		[
			{ serviceTiers: { flex: 0.5, Flex: 0.6 } },
			"expected each tier once at `prices.serviceTiers`, got 'Flex'.",
		],
		[{ serviceTiers: 0.5 }, "expected an object at `prices.serviceTiers`, got 0.5."],
		[{ discount: 12 }, "expected a share from 0 to 1 (0.12 is 12 %) at `prices.discount`, got 12."],
		[{ discount: "12%" }, "at `prices.discount`, got '12%'."],
		[{ providers: [] }, "expected an object at `prices.providers`, got []."],
		[{ providers: { openai: 0.12 } }, 'expected an object at `prices.providers["openai"]`, got 0.12.'],
		[{ providers: { openai: { discount: -0.1 } } }, 'at `prices.providers["openai"].discount`, got -0.1.'],
		[
			{ providers: { openai: { rebate: 0.1 } } },
			"expected one of discount, serviceTiers at `prices.providers[\"openai\"]`, got 'rebate'.",
		],
		[
			{ providers: { openai: {}, " OpenAI": {} } },
			'expected each provider once at `prices.providers[" OpenAI"]`',
		],
		[{ providers: { "": {} } }, 'expected a name of 1 to 256 characters at `prices.providers[""]`'],
	])("%j", (prices, message) => {
		expect(complaint(prices)).toContain(message);
	});
});

/** What has no keys of its own would pass for `{}`, and the list's prices would hold without a word. */
test.each<[string, unknown]>([
	["a URL", new URL("file:///prices.json")],
	["a promise that nobody awaits", Promise.resolve(models(GPT))],
	["a map", new Map([["discount", 0.5]])],
	["a hole", { models: Array(1) }],
	["a proxy", new Proxy({}, {})],
	["what an entry only inherits", models(Object.assign(Object.create({ ...GPT }), { input: 1 }))],
])("%s is refused as what it is", (_what, prices) => {
	expect(complaint(prices)).toMatch(/^usePrices\(\): expected /);
});

describe("what can be meant is taken", () => {
	test.each<[unknown]>([
		[{}],
		[{ models: [], providers: {}, serviceTiers: {}, discount: 0 }],
		[models(GPT, { ...GPT, from: "2026-01-01" }, { ...GPT, provider: "azure" })],
		[models(GPT, { provider: "openai", model: "gpt-4o", serviceTiers: { priority: 1.7 } })],
		[models({ ...GPT, from: "2026-01-01T00:00:00.000Z", until: "2028-02-29T00:00+01:00" })],
		[models({ ...GPT, request: 0, tools: { x: 0 }, tiers: [] })],
	])("%j", (prices) => {
		expect(readPrices("usePrices()", prices)).toEqual(prices);
	});

	test("as a copy: what happens to the object later changes nothing", () => {
		const mine = { models: [{ ...GPT }] };
		const prices = readPrices("usePrices()", mine);
		mine.models.push({ ...GPT, input: 100 });
		expect(prices.models).toHaveLength(1);
	});
});

describe("a JSON file", () => {
	const write = (name: string, text: string): string => {
		const path = join(folder, name);
		writeFileSync(path, text);
		return path;
	};

	test("holds the same", () => {
		expect(readPrices("usePrices()", write("good.json", JSON.stringify(models(GPT))))).toEqual(models(GPT));
	});

	test("that is not there, that is no file, that is no JSON, and that is wrong", () => {
		const nowhere = join(folder, "nowhere.json");
		expect(complaint(nowhere)).toBe(
			`usePrices(): expected the path of a JSON file at \`prices\` (ENOENT), got '${nowhere}'.`,
		);
		expect(complaint(folder)).toContain("at `prices` (EISDIR)");
		const text = write("text.json", "{");
		expect(complaint(text)).toMatch(new RegExp(`^usePrices\\(\\): ${text} is not JSON: .+\\.$`));
		const wrong = write("wrong.json", JSON.stringify(models({ ...GPT, input: "3" })));
		expect(complaint(wrong)).toBe(
			`usePrices(): expected a number of at least 0 at \`models[0].input\` in ${wrong}, got '3'.`,
		);
		const list = write("list.json", "[]");
		expect(complaint(list)).toBe(`usePrices(): expected an object at the top of ${list}, got [].`);
	});
});
