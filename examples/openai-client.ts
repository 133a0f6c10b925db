/** The client that you have, metered: `OPENAI_API_KEY=sk-… node examples/openai-client.ts`, in a clone after `npm run build`. */
import { instrument, withRoute } from "@hyperagent/observe/instrument";
import { initPrometheus } from "@hyperagent/observe/monitoring";
import OpenAI from "openai";

const prometheus = initPrometheus();
const openai = instrument(new OpenAI(), { route: "chat" });

const stream = await openai.chat.completions.create({
	model: "gpt-4o-mini",
	messages: [{ role: "user", content: "What is a histogram?" }],
	stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");

const summary = await withRoute("summarize", () =>
	openai.responses.create({ model: "gpt-4o-mini", input: "Histograms, in one sentence." }),
);
console.log(`\n${summary.output_text}\n`);
console.log(prometheus.render());
