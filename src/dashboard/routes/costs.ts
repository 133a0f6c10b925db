import { HyperAgentError } from "../../core/hyperagent-error.ts";
import { parseCostQuestion } from "../../ledger/cost-question.ts";
import { costReport } from "../../ledger/cost-report.ts";
import { openLedgers } from "../../ledger/open-ledgers.ts";
import type { RouteHandler } from "../app.ts";

const PARAMETERS = ["by", "since", "until"];

/**
 * `GET /api/costs?by=model,day&since=7d`: what the calls in the process's ledger came to, exactly; 404 where no ledger is
 * open, 400 for what is no question. Calls of the last quarter of a second may be missing.
 */
export function costsRoute(): RouteHandler {
	return async (c) => {
		c.header("Cache-Control", "no-store");
		const [ledger] = openLedgers;
		if (ledger === undefined) {
			return c.json({ error: "No ledger is open in this process: openLedger({ path }) opens one." }, 404);
		}
		try {
			const query = parseCostQuestion(typedQuestion(c.req.queries()), Date.now());
			return c.json(costReport(query, await ledger.totals(query)));
		} catch (error) {
			if (!(error instanceof HyperAgentError)) throw error;
			// What SQLite says may name files of this machine; the log has it.
			if (error.code !== "BAD_OPTION") return c.json({ error: "The ledger cannot be read now." }, 503);
			return c.json({ error: error.message }, 400);
		}
	};
}

function typedQuestion(queries: Readonly<Record<string, string[]>>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(queries).map(([name, values]) => {
			const [value, ...more] = values;
			if (PARAMETERS.includes(name) && value !== undefined && more.length === 0) return [name, value];
			throw new HyperAgentError(
				"BAD_OPTION",
				`Expected each of ${PARAMETERS.join(", ")} once at most, got \`${name.slice(0, 80)}\`.`,
			);
		}),
	);
}
