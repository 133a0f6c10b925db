/** A budget that is spent, seen through every client: the caller gets the refusal, and the provider hears nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { addBudget, type Budget, recordLlmCost } from "../../src/monitoring/index.ts";
import { InstrumentedBackend, OpenAIProvider } from "../../src/providers/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import type { ClientColumn } from "../instrument/scripted/client-column.ts";
import { COLUMNS, VARIANTS } from "../instrument/scripted/clients.ts";
import { PROVIDER } from "../instrument/scripted/expected.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";
import { ourProvider } from "./provider-column.ts";

const ROUTE = "budgeted";
const CLIENTS: readonly (readonly [string, ClientColumn])[] = [
	...Object.entries(COLUMNS),
	...Object.entries(VARIANTS).map(([name, { column }]) => [name, column] as const),
	["providers", ourProvider],
];

let provider: ScriptedProvider;
let budget: Budget;

beforeAll(async () => {
	provider = await ScriptedProvider.start();
	budget = addBudget({ name: "spent", limitUsd: 1, window: "day", scope: { route: ROUTE }, block: true });
	using _recorder = installTestRecorder();
	recordLlmCost(ROUTE, "gpt-4o-mini", 1);
});

afterAll(async () => {
	budget.close();
	await provider.close();
});

/** The refusal itself, or what a library makes of it. */
function messagesOf(error: unknown): string {
	return error instanceof Error ? `${error.name}: ${error.message} ${messagesOf(error.cause)}` : "";
}

describe.for(CLIENTS)("%s", ([name, column]) => {
	const wrap = <T extends object>(client: T): T => {
		const isOurs = client instanceof OpenAIProvider;
		// What a test gets from a wrapper is what it gave, as the columns' types have it.
		if (isOurs) return new InstrumentedBackend(client, "openai", ROUTE) as unknown as T;
		return instrument(client, { route: ROUTE });
	};
	const connect = (baseURL: string): ReturnType<ClientColumn["connect"]> => {
		const isFetch = name === "fetch";
		const label = PROVIDER[column.api];
		if (!isFetch) return column.connect({ baseURL, wrap, maxRetries: 2 });
		return column.connect({ baseURL, fetch: meteredFetch(fetch, { route: ROUTE, provider: label }) });
	};

	test("a call is refused before it is made, and tried once", async () => {
		using recorder = installTestRecorder();
		const { baseURL, seen } = provider.script(column.api, "complete");
		const blocked = budget.state.blockedCalls;
		const error: unknown = await connect(baseURL)
			.complete()
			.catch((thrown: unknown) => thrown);
		expect(messagesOf(error)).toContain('The budget "spent" has $1.00 a day');
		expect(seen.requests).toHaveLength(0);
		expect(recorder.calls).toEqual([]);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
		expect(budget.state.blockedCalls - blocked).toBe(1);
		expect(budget.state.reservedUsd).toBe(0);
	});

	test("a stream is, too", async () => {
		using recorder = installTestRecorder();
		const { baseURL, seen } = provider.script(column.api, "stream");
		const read = async (): Promise<void> => {
			for await (const _ of connect(baseURL).stream()) {
				// Some libraries put the error into the stream: the column throws it.
			}
		};
		const error: unknown = await read().catch((thrown: unknown) => thrown);
		expect(messagesOf(error)).toContain('The budget "spent" has $1.00 a day');
		expect(seen.requests).toHaveLength(0);
		expect(recorder.calls).toEqual([]);
	});
});

test("a Request whose body has to be read first is not sent either", async () => {
	const { baseURL, seen } = provider.script("openai-chat", "complete");
	const metered = meteredFetch(undefined, { route: ROUTE });
	const body = JSON.stringify({ model: "gpt-4o-mini", messages: [] });
	const request = new Request(`${baseURL}/chat/completions`, {
		method: "POST",
		body,
		headers: { "content-type": "application/json" },
	});
	await expect(metered(request)).rejects.toMatchObject({ code: "BUDGET_EXCEEDED", budget: "spent" });
	expect(seen.requests).toHaveLength(0);
});
