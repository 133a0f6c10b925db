import type { Message, ToolDefinition } from "../providers/llm-backend.ts";
import type { Random } from "./random.ts";

/** How many different documents and tickets there are to summarise, classify and embed. */
const POOL = 60;

const SUBJECTS = [
	"invoices",
	"delivery",
	"passwords",
	"refunds",
	"contracts",
	"outages",
	"holidays",
] as const;

const RULES = "Answer briefly and kindly. Name the page of the manual. Never promise a date. ";

/** Long enough (more than 1,024 tokens) for the providers' own prompt caches. */
const SYSTEM: Message = {
	role: "system",
	content: `You are the assistant of a shop that does not exist. ${RULES.repeat(60)}`,
};

/** What the assistant of the chat route may look up. */
export const CHAT_TOOLS: readonly ToolDefinition[] = [
	{
		name: "find_order",
		description: "Looks up an order.",
		parameters: {
			type: "object",
			properties: { order: { type: "integer" }, detail: { enum: ["status", "address", "price"] } },
			required: ["order"],
		},
	},
];

/** A conversation that has not been there before. */
export function chatPrompt(random: Random): readonly Message[] {
	const subject = random.pick(SUBJECTS);
	const turns: Message[] = [SYSTEM];
	for (let turn = random.integer(0, 2); turn > 0; turn -= 1) {
		turns.push({
			role: "user",
			content: `I have a question about ${subject}, number ${random.integer(1, 1e6)}.`,
		});
		turns.push({ role: "assistant", content: `Of course: ask me anything about ${subject}. `.repeat(3) });
	}
	return [...turns, { role: "user", content: `What about ${subject} in case ${random.integer(1, 1e6)}?` }];
}

/** A document to summarise: some come again and again. */
export function summarizePrompt(random: Random): readonly Message[] {
	const number = popular(random);
	const subject = SUBJECTS[number % SUBJECTS.length] ?? SUBJECTS[0];
	const sentence = `Report ${number} says that ${subject} went as they went before, and that somebody should look. `;
	return [{ role: "user", content: `Summarize: ${sentence.repeat(5 + number)}` }];
}

/** A ticket to put into a class: some come again and again. */
export function classifyPrompt(random: Random): readonly Message[] {
	const classes = SUBJECTS.join(", ");
	return [{ role: "user", content: `Which of ${classes} is this ticket about? ${ticket(random)}` }];
}

/** A text to embed. */
export function ticket(random: Random): string {
	const number = popular(random);
	return `Ticket ${number}: my ${SUBJECTS[number % SUBJECTS.length] ?? SUBJECTS[0]} are not as I like them.`;
}

/** The number of a document, the first ones far more often than the last ones. */
function popular(random: Random): number {
	return Math.floor(random.next() ** 2 * POOL);
}
