import { HyperAgentError } from "../core/hyperagent-error.ts";
import { Ledger } from "../ledger/ledger.ts";
import { checkLedgerOptions, type LedgerOptions } from "../ledger/ledger-options.ts";
import { openLedgers } from "../ledger/open-ledgers.ts";
import { countedLabels } from "./counted-labels.ts";
import { reportInternalError } from "./internal-errors.ts";

/**
 * Opens a ledger: from now on every call in the process that ends, and every record of tokens or cost by hand, becomes a
 * row in a SQLite file. Calls never wait for it, and nothing of it ever breaks one. A program that ends, and one that is
 * told to by a signal, loses no row.
 *
 * @throws HyperAgentError `BAD_OPTION`
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { initPrometheus, openLedger, recordLlmCost } from "@hyperagent/observe/monitoring";
 *
 * initPrometheus();
 * const ledger = openLedger({ path: `${mkdtempSync("/tmp/ledger-")}/costs.db` });
 * recordLlmCost("chat", "gpt-4-turbo", 0.0025);
 * await ledger.flush();
 * const [chat] = await ledger.totals({ by: ["route"] });
 * console.log(chat?.group[0], chat?.costPico); // "chat" 2500000000n
 * await ledger.close();
 * ```
 */
export function openLedger(options: LedgerOptions): Ledger {
	const checked = checkLedgerOptions(options);
	const { onError } = options;
	const report = (message: string, cause?: unknown): void => {
		reportInternalError("ledger", message, cause);
		try {
			void Promise.resolve(onError?.(new HyperAgentError("LEDGER", message, { cause }))).catch(
				() => undefined,
			);
		} catch {
			// What a listener does wrong harms nothing.
		}
	};
	const labels = countedLabels();
	const ledger = new Ledger({ ...checked, labels, report, onClose: (closed) => openLedgers.delete(closed) });
	openLedgers.add(ledger);
	return ledger;
}
