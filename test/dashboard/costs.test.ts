import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROCESS_ID } from "../../src/core/call-id.ts";
import { DashboardServer } from "../../src/dashboard/index.ts";
import { CostTracker, type Ledger, openLedger, recordLlmCost } from "../../src/monitoring/index.ts";

let folder = "";
let ledger: Ledger;
const server = new DashboardServer(new CostTracker());
const get = async (path: string): Promise<{ status: number; body: unknown; headers: Headers }> => {
	const response = await fetch(`${server.url}${path}`);
	const text = await response.text();
	const isJson = response.headers.get("content-type")?.includes("json") === true;
	return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
};

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "api-costs-"));
	await server.run("127.0.0.1:0");
});
afterAll(async () => {
	await ledger.close();
	await server.close();
	rmSync(folder, { recursive: true });
});

test("/api/costs answers what memory holds, and what the ledger holds once there is one", async () => {
	recordLlmCost("memory", "gpt-4-turbo", 0.0025);
	expect(await get("/api/costs?by=route")).toMatchObject({
		status: 200,
		body: { groups: [{ group: { route: "memory" }, costUsd: "0.0025" }], total: { costUsd: "0.0025" } },
	});
	ledger = openLedger({ path: join(folder, "costs.db"), spoolBytes: 0 });
	recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	recordLlmCost("search", "gpt-4-turbo", 1e-12);
	await ledger.flush();
	expect(await get("/api/costs?by=route,model&since=1d")).toMatchObject({
		status: 200,
		body: {
			groups: [
				{ group: { route: "chat", model: "gpt-4-turbo" }, costUsd: "0.0025", manualRecords: 1 },
				{ group: { route: "search", model: "gpt-4-turbo" }, costUsd: "0.000000000001" },
			],
			total: { costUsd: "0.002500000001" },
		},
	});
});

test.each([
	["?by=user", /Expected model, route, provider, day, hour or tag:NAME/],
	["?since=soon", /Expected a time ago such as/],
	["?limit=5", /^Expected no other parameter than by, since, until, got "limit"\.$/],
	["?by=model&by=route", /^Expected one value at `by`, got "model, route"\.$/],
	["?by=", /Expected model, route/],
])("%s is refused, with what was expected", async (query, expected) => {
	expect(await get(`/api/costs${query}`)).toMatchObject({
		status: 400,
		body: { error: expect.stringMatching(expected) },
	});
});

test("/metrics says whose it is, and /ready how the ledger does", async () => {
	expect((await get("/metrics")).headers.get("x-hyperagent-process")).toBe(PROCESS_ID);
	expect(await get("/ready")).toMatchObject({ status: 200, body: { status: "ready" } });
	const other = new DatabaseSync(join(folder, "costs.db"));
	other.exec("BEGIN EXCLUSIVE");
	recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	await expect(ledger.flush()).rejects.toThrow(/locked/);
	expect(await get("/ready")).toMatchObject({
		status: 200,
		body: { status: "degraded", ledgers: [{ writable: false, pendingRows: 1, lostRows: 0 }] },
	});
	expect((await get("/metrics")).body).toMatch(/^hyperagent_ledger_pending_rows 1$/m);
	other.exec("COMMIT");
	other.close();
	await expect.poll(() => get("/ready"), { timeout: 5000 }).toMatchObject({ body: { status: "ready" } });
	expect((await get("/metrics")).body).toMatch(/^hyperagent_ledger_pending_rows 0$/m);
	expect(await get("/api/costs?by=route")).toMatchObject({ body: { total: { costUsd: "0.005000000001" } } });
});
