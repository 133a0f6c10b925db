import type { ApiName } from "./api-script.ts";
import type { ScenarioName } from "./scenarios.ts";
import type { Run, ScriptedProvider } from "./scripted-provider.ts";

/** Asks with nothing but `fetch`. */
export async function ask(
	provider: ScriptedProvider,
	api: ApiName,
	scenario: ScenarioName,
): Promise<{ run: Run; response: Response }> {
	const run = provider.script(api, scenario);
	const paths = {
		"openai-chat": "/chat/completions",
		"openai-responses": "/responses",
		anthropic: "/v1/messages",
		gemini: "/v1beta/models/gemini-2.5-flash:generateContent",
	};
	const body = JSON.stringify({ stream: scenario === "stream" });
	return { run, response: await fetch(`${run.baseURL}${paths[api]}`, { method: "POST", body }) };
}

/** What was sent to a run's first request. */
export function sentText(run: Run): string {
	return run.seen.requests[0]?.sent().toString() ?? "";
}
