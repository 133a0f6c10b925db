/** What the user says of prices reaches the cost of a call. */
import { afterEach, expect, test } from "vitest";
import { CostTracker, type SettledCall, usePrices } from "../../src/monitoring/index.ts";
import { addSettlementListener } from "../../src/core/settlement-listeners.ts";
import { InstrumentedBackend, type LLMBackend } from "../../src/providers/index.ts";

afterEach(() => usePrices({}));

const backend: LLMBackend = {
	infer: () =>
		Promise.resolve({
			content: "",
			toolCalls: [],
			finishReason: "stop",
			model: "gpt-4o",
			usage: { inputUncached: 1_000_000 },
		}),
	inferStream: () => {
		throw new Error("no streams");
	},
	embed: () => Promise.reject(new Error("no embeddings")),
	modelInfo: () => ({ model: "gpt-4o", provider: "openai" }),
};

async function costOf(label: string): Promise<number | undefined> {
	const settled: SettledCall[] = [];
	const remove = addSettlementListener({ settled: (call) => void settled.push(call), recorded: () => {} });
	await new InstrumentedBackend(backend, label, "chat").infer([], [], 0);
	remove();
	return settled[0]?.costUsd;
}

test("a discount for a label that only the user knows is off the price of the provider behind it", async () => {
	// GPT-4o: $2.50 a million.
	expect(await costOf("acme-eu")).toBe(2.5);
	usePrices({ providers: { "acme-eu": { discount: 0.2 } } });
	expect(await costOf("acme-eu")).toBe(2);
	expect(await costOf("acme-us")).toBe(2.5);
	usePrices({ providers: { openai: { discount: 0.5 }, "acme-eu": { discount: 0.2 } } });
	expect(await costOf("acme-eu")).toBe(2);
	expect(await costOf("acme-us")).toBe(1.25);
});

test("prices hold from the next call on, whatever was asked before", async () => {
	const costs = new CostTracker();
	const gpt = { provider: "openai", model: "gpt-4o" };
	for (const input of [1, 3, 0]) {
		usePrices({ models: [{ ...gpt, input }] });
		expect(await costOf("openai")).toBe(input);
	}
	usePrices({});
	expect(await costOf("openai")).toBe(2.5);
	expect(costs.totals().costUsd).toBe(6.5);
});
