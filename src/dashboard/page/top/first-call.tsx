const BACKEND = `import { InstrumentedBackend, OpenAIProvider } from "@hyperagent/observe/providers";

const openai = new OpenAIProvider(process.env.OPENAI_API_KEY ?? "", "gpt-4-turbo");
const llm = new InstrumentedBackend(openai, "openai", "chat"); // provider label, route label
await llm.infer([{ role: "user", content: "Hello" }], [], 0.7);`;

const CLIENT = `import { instrument } from "@hyperagent/observe/instrument";
import OpenAI from "openai";

const openai = instrument(new OpenAI(), { route: "chat" }); // Anthropic, Google, AI SDK, LangChain too
await openai.chat.completions.create({
  model: "gpt-5-mini",
  messages: [{ role: "user", content: "Hello" }],
});`;

const BY_HAND = `import { recordLlmCost, recordLlmTokens } from "@hyperagent/observe/monitoring";

recordLlmTokens("chat", "gpt-4-turbo", 150, 50); // route, model, input, output
recordLlmCost("chat", "gpt-4-turbo", 0.003); // USD`;

/** What stands here before anything has been called: how to call. */
export function FirstCall() {
	return (
		<section id="first-call" class="card wide first" aria-labelledby="first-call-title">
			<h2 id="first-call-title">No calls yet: send the first one</h2>
			<p>
				Any of these, in the process that serves this page. The call shows up here within two seconds, without
				a reload.
			</p>
			<Way title="Around the client that you have: one line" code={CLIENT} />
			<Way title="With the package's own providers" code={BACKEND} />
			<Way title="By hand, for calls that go elsewhere" code={BY_HAND} />
			<p class="soft">
				What is kept is counts, costs and times. No prompt, answer or key is ever stored. History outlives the
				process once a ledger is open: <code>{'openLedger({ path: "costs.db" })'}</code>.
			</p>
		</section>
	);
}

function Way({ code, title }: { readonly title: string; readonly code: string }) {
	return (
		<>
			<h3>{title}</h3>
			<pre tabIndex={0}>
				<code>{code}</code>
			</pre>
		</>
	);
}
