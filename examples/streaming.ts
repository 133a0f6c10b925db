/**
 * A metered stream, read to its end and left early: tokens, cost and time to first token are recorded either way.
 *
 *   npm run build
 *   OPENAI_API_KEY=sk-… npx node examples/streaming.ts
 */
import { initPrometheus } from "@hyperagent/observe/monitoring";
import { InstrumentedBackend, LlmError, type Message, OpenAIProvider } from "@hyperagent/observe/providers";

const { OPENAI_API_KEY } = process.env;

if (OPENAI_API_KEY) {
	await stream(new OpenAIProvider(OPENAI_API_KEY, "gpt-4o-mini"));
} else {
	console.error("Set OPENAI_API_KEY to your key, and start this example again.");
	process.exitCode = 1;
}

async function stream(openai: OpenAIProvider): Promise<void> {
	const prometheus = initPrometheus();
	const llm = new InstrumentedBackend(openai, "openai", "chat");
	const messages: Message[] = [{ role: "user", content: "Count from one to twenty, in words." }];
	try {
		// To its end: outcome "success", with the usage that the provider reports
		for await (const event of llm.inferStream(messages, [], 0)) {
			if (event.type === "text-delta") process.stdout.write(event.text);
			if (event.type === "done") console.log("\n", event.usage);
		}

		// Left early: outcome "aborted"; the connection is closed, so that no further token is paid for
		let words = 0;
		for await (const event of llm.inferStream(messages, [], 0)) {
			if (event.type === "text-delta") words += 1;
			if (words === 5) break;
		}
	} catch (error) {
		// An error in the middle of a stream comes here, and is counted by its type.
		if (!(error instanceof LlmError)) throw error;
		console.error(`${error.errorType}: ${error.message}`);
		process.exitCode = 1;
	}
	console.log(`\nMetrics:\n${prometheus.render()}`);
}
