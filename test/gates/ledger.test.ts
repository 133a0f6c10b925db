import { expect, test } from "vitest";
import { ledgerQuery } from "../../bench/ledger.ts";

// The 10,000,000 rows of the goal are `npm run bench -- --only ledger`: what is read are the sums of days, of which there
// are as many here.
test("a ledger of a million rows of a year tells costs by model and day in a tenth of a second", async () => {
	const figure = await ledgerQuery("ours", 1_000_000);
	expect(figure?.value).toBeLessThan(200); // twice the goal: only a real regression turns red
}, 120_000);
