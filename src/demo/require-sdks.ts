import { HyperAgentError } from "../core/hyperagent-error.ts";

/** The demo drives both for real; a program needs those that it uses. */
const SDKS = ["openai", "@anthropic-ai/sdk"] as const;

/** `import.meta`, from which some bundlers take `resolve` away: there the import itself will tell. */
interface Resolver {
	resolve?(name: string): unknown;
}

/**
 * Names all that is missing at once, before anything is started.
 *
 * @throws HyperAgentError `MISSING_PEER`
 */
export function requireSdks(from: Resolver = import.meta): void {
	const missing = SDKS.filter((name) => !resolves(name, from));
	if (missing.length === 0) return;
	const [packages, are] = missing.length === 1 ? ["package", "is"] : ["packages", "are"];
	throw new HyperAgentError(
		"MISSING_PEER",
		`The demo needs the ${packages} ${missing.join(" and ")}, which ${are} not installed: npm install ${missing.join(" ")}`,
	);
}

function resolves(name: string, from: Resolver): boolean {
	try {
		from.resolve?.(name);
		return true;
	} catch {
		return false;
	}
}
