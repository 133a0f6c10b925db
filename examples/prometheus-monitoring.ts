/**
 * The guide's complete example: one metered call to a real provider, then what Prometheus would read.
 *
 *   npm run build
 *   OPENAI_API_KEY=sk-… npm run example
 *
 * ANTHROPIC_API_KEY works as well; OPENAI_BASE_URL and ANTHROPIC_BASE_URL lead elsewhere, as the SDKs have it.
 */
import { DashboardServer } from "@hyperagent/observe/dashboard";
import { CostTracker, initPrometheus } from "@hyperagent/observe/monitoring";
import { AnthropicProvider, InstrumentedBackend, OpenAIProvider } from "@hyperagent/observe/providers";

// 1. Initialize Prometheus
const prometheus = initPrometheus();

// 2. Create an instrumented LLM backend
const llm = createBackend();

if (llm === undefined) {
	console.error("Set OPENAI_API_KEY or ANTHROPIC_API_KEY to your key, and start this example again.");
	process.exitCode = 1;
} else {
	// 3. Start the dashboard with its /metrics endpoint
	const server = new DashboardServer(new CostTracker());
	await server.run(process.env["HYPERAGENT_ADDRESS"] ?? "127.0.0.1:8080");
	try {
		// 4. Use the LLM: metrics are recorded automatically
		const response = await llm.infer(
			[{ role: "user", content: "What is a histogram? One sentence." }],
			[],
			0.7,
		);
		console.log(response.content);
	} catch (error) {
		// A failed call is in the metrics, too.
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	}

	// 5. Access the metrics: here, or at /metrics for as long as the server runs
	console.log(`\nMetrics:\n${prometheus.render()}`);
	await server.close();
}

function createBackend(): InstrumentedBackend | undefined {
	const { ANTHROPIC_API_KEY, OPENAI_API_KEY } = process.env;
	if (OPENAI_API_KEY) {
		return new InstrumentedBackend(new OpenAIProvider(OPENAI_API_KEY, "gpt-4-turbo"), "openai", "chat");
	}
	if (ANTHROPIC_API_KEY) {
		const claude = new AnthropicProvider(ANTHROPIC_API_KEY, "claude-sonnet-4-5");
		return new InstrumentedBackend(claude, "anthropic", "chat");
	}
	return undefined;
}
