/** The first budget of a process, added while a request is on its way: in a file of its own, for the gate stays. */
import { expect, test } from "vitest";
import { meteredFetch } from "../../src/instrument/index.ts";
import { addBudget, recordLlmCost } from "../../src/monitoring/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";

test("a request that was sent before the first budget was added is not refused afterwards", async () => {
	using _recorder = installTestRecorder();
	let asked = 0;
	const metered = meteredFetch(async () => {
		asked += 1;
		return Response.json({ model: "gpt-4o-mini", choices: [] });
	});
	const ask = async (): Promise<Response> => {
		// Its body is read while it is on its way.
		const body = JSON.stringify({ model: "gpt-4o-mini", messages: [] });
		return metered(new Request("https://api.openai.com/v1/chat/completions", { method: "POST", body }));
	};
	const early = ask();
	expect(asked).toBe(1);
	const budget = addBudget({ name: "late", limitUsd: 1, window: "day", block: true });
	recordLlmCost("default", "gpt-4o-mini", 1);
	expect((await early).ok).toBe(true);
	await expect(ask()).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
	expect(asked).toBe(1);
	budget.close();
});
