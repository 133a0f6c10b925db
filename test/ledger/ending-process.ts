/** A program that ends right after its calls: `node ending-process.ts <path> <way>`. */
import { meteredFetch } from "../../src/instrument/index.ts";
import { Call } from "../../src/monitoring/call.ts";
import { initPrometheus, openLedger, recordLlmCost, withTags } from "../../src/monitoring/index.ts";

const [path = "", way = ""] = process.argv.slice(2);
initPrometheus();
const ledger = openLedger({ path });
if (way === "own-handler") {
	process.once("SIGTERM", () => {
		recordLlmCost("late", "m", 0.0025);
		setTimeout(() => process.exit(7), 100);
	});
}
for (let i = 0; i < 3; i += 1) {
	withTags({ team: "search" }, () => {
		const call = new Call({ operation: "chat", route: "chat", provider: "openai", model: "gpt-4-turbo" });
		call.reportUsage({ inputUncached: 100, output: 50 });
		call.succeed();
	});
}
async function answered(): Promise<void> {
	const usage = { prompt_tokens: 100, completion_tokens: 50 };
	const fetch = meteredFetch(async () => Response.json({ model: "gpt-4-turbo", choices: [], usage }));
	const body = JSON.stringify({ model: "gpt-4-turbo", messages: [] });
	await (await fetch("https://api.openai.com/v1/chat/completions", { method: "POST", body })).text();
}
switch (way) {
	case "exit":
		process.exit(5);
	case "exit-after-answer":
		// The fourth, which is recorded after its caller has it.
		await answered();
		process.exit(5);
	case "throw":
		throw new Error("The program's own fault.");
	case "signal":
	case "own-handler":
		process.kill(process.pid, "SIGTERM");
		break;
	case "close":
		await ledger.close();
		break;
	case "exit-while-closing":
		void ledger.close();
		void ledger.close().then(() => process.exit(6));
		process.exit(5);
	case "two-ledgers":
		openLedger({ path: `${path}-2` });
		process.kill(process.pid, "SIGTERM");
		// It would live on by that.
		setTimeout(() => process.exit(6), 5000);
		break;
	case "later":
		// By then it has taken the room of its spool.
		setTimeout(() => process.exit(5), 2000);
		break;
	case "chdir":
		await ledger.flush();
		process.chdir("/");
		recordLlmCost("late", "m", 0.0025);
		break;
	case "no-thread":
		process.exitCode = await ledger.flush().then(
			() => 6,
			() => (ledger.state.lastError === undefined ? 7 : 5),
		);
		break;
	default:
}
