import { HyperAgentError } from "../core/hyperagent-error.ts";
import { TOKENS } from "./tokens.ts";

/** The cost counters of a process, as its `/metrics` tells them. */
export interface ScrapedCosts {
	/** Whose they are: the id that its rows in a ledger have. */
	readonly process: string;
	/** By `pairKey`, in 10⁻¹² USD, exactly. */
	readonly pairs: ReadonlyMap<string, bigint>;
}

const FAMILY = "llm_cost_usd_total";
const LONGEST_WAIT_MS = 10_000;

/** A route and a model as one. */
export function pairKey(route: string, model: string): string {
	return JSON.stringify([route, model]);
}

/**
 * Reads the cost counters of a process that serves `/metrics`.
 *
 * @param token what its server wants to see, if anything
 * @throws HyperAgentError `LEDGER` where nobody answers there, or something else than this package
 */
export async function scrapeCosts(url: string, token?: string): Promise<ScrapedCosts> {
	let text: string;
	let process: string | null;
	let status: number;
	try {
		const response = await fetch(`${url}?name[]=${FAMILY}`, {
			signal: AbortSignal.timeout(LONGEST_WAIT_MS),
			...(token === undefined ? undefined : { headers: { authorization: `Bearer ${token}` } }),
		});
		({ status } = response);
		process = response.headers.get("x-hyperagent-process");
		text = await response.text();
	} catch (cause) {
		throw new HyperAgentError("LEDGER", `${url} did not answer: ${String(cause)}`, { cause });
	}
	if (status === 429) {
		throw new HyperAgentError(
			"LEDGER",
			`${url} answers nobody from here for now, after wrong tokens: try it again in a minute.`,
		);
	}
	if (status === 401) {
		throw new HyperAgentError(
			"LEDGER",
			`${url} ${token === undefined ? "wants a token" : "refuses the token"}: set ${TOKENS.metricsToken}, or ${TOKENS.authToken}, to that of its server.`,
		);
	}
	if (process === null) {
		throw new HyperAgentError(
			"LEDGER",
			`${url} does not tell whose metrics they are: expected the /metrics of a DashboardServer.`,
		);
	}
	const pairs = new Map<string, bigint>();
	for (const line of text.split("\n")) {
		// A label may hold any character: to a pattern some of them end the line, to the format only "\n".
		const [, labels, value] = /^llm_cost_usd_total\{(.*)\} (\S+)$/s.exec(line) ?? [];
		if (labels === undefined || value === undefined) continue;
		pairs.set(pairKey(labelOf(labels, "route"), labelOf(labels, "model")), picoOfCents(value));
	}
	return { process, pairs };
}

/** A label's value; the format escapes \, " and line ends in it. */
function labelOf(labels: string, name: string): string {
	const found = new RegExp(`(?:^|,)${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(labels)?.[1] ?? "";
	return found.replaceAll(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
}

/** A cent is 10¹⁰ of the smallest unit, and the counter tells as many digits as there are. */
function picoOfCents(value: string): bigint {
	const [whole = "0", fraction = ""] = value.split(".");
	return BigInt(whole) * 10_000_000_000n + BigInt(fraction.padEnd(10, "0"));
}
