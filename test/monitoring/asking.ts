import type { ApiName } from "../instrument/scripted/api-script.ts";
import { PROMPT } from "../instrument/scripted/client-column.ts";
import { REQUESTED_MODEL } from "../instrument/scripted/expected.ts";
import type { Overrides, ScenarioName } from "../instrument/scripted/scenarios.ts";
import type { Run, ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";

const PATHS: Readonly<Record<ApiName, string>> = {
	"openai-chat": "/chat/completions",
	"openai-responses": "/responses",
	anthropic: "/v1/messages",
	gemini: `/v1beta/models/${REQUESTED_MODEL.gemini}:generateContent`,
};

export interface Asking {
	readonly run: Run;
	readonly url: string;
	readonly init: RequestInit & { body: string };
}

/** What is sent to the scripted provider, as a program with nothing but `fetch` would. */
export function asking(
	provider: ScriptedProvider,
	api: ApiName,
	scenario: ScenarioName,
	overrides?: Overrides,
): Asking {
	const run = provider.script(api, scenario, overrides);
	const isStream = scenario !== "complete" && scenario !== "malformed-json";
	const path = isStream ? PATHS[api].replace(":generate", ":streamGenerate") : PATHS[api];
	const body = JSON.stringify({
		model: REQUESTED_MODEL[api],
		messages: [{ role: "user", content: PROMPT }],
		...(isStream ? { stream: true, stream_options: { include_usage: true } } : undefined),
	});
	const headers = { "content-type": "application/json" };
	return {
		run,
		url: `${run.baseURL}${path}${isStream && api === "gemini" ? "?alt=sse" : ""}`,
		init: { method: "POST", headers, body },
	};
}
