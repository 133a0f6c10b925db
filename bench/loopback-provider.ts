/** A provider that answers at once, in a process of its own: `node bench/loopback-provider.ts <events>` prints its port. */
import { createServer } from "node:http";

const events = Number(process.argv[2]);
const MODEL = "gpt-4o-mini-2024-07-18";
const HEAD = { id: "chatcmpl-1", created: 1_760_000_000, model: MODEL };
const USAGE = { prompt_tokens: 150, completion_tokens: 50, total_tokens: 200 };

const WHOLE: string = JSON.stringify({
	...HEAD,
	object: "chat.completion",
	choices: [{ index: 0, message: { role: "assistant", content: "word ".repeat(50) }, finish_reason: "stop" }],
	usage: USAGE,
});

/** As OpenAI sends them: with `usage` in each chunk where it is asked for. */
function streamed(asksForUsage: boolean): string {
	const usage = asksForUsage ? { usage: null } : {};
	const chunk = (choices: unknown, rest: object = usage): string =>
		`data: ${JSON.stringify({ ...HEAD, object: "chat.completion.chunk", choices, ...rest })}\n\n`;
	const delta = (content: string): unknown => [
		{ index: 0, delta: { content }, logprobs: null, finish_reason: null },
	];
	return [
		chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }]),
		...Array.from({ length: events }, (_, i) => chunk(delta(` word${i}`))),
		chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
		...(asksForUsage ? [chunk([], { usage: USAGE })] : []),
		"data: [DONE]\n\n",
	].join("");
}

const STREAMS = { asked: streamed(true), plain: streamed(false) };

const server = createServer((request, response) => {
	let body = "";
	request.setEncoding("utf8").on("data", (text: string) => (body += text));
	request.on("end", () => {
		const isStream = body.includes('"stream":true');
		response.setHeader("content-type", isStream ? "text/event-stream" : "application/json");
		if (!isStream) response.end(WHOLE);
		else response.end(body.includes("include_usage") ? STREAMS.asked : STREAMS.plain);
	});
});
server.listen(0, "127.0.0.1", () => {
	const address = server.address();
	if (address !== null && typeof address === "object") process.stdout.write(`${address.port}\n`);
});
// It ends with who has started it.
process.stdin.resume().on("end", () => process.exit());
