import { expect, test } from "vitest";
import { readServerFlags } from "../../src/cli/server-flags.ts";

const ADDRESS = "127.0.0.1:0";

test("tokens come from the environment", () => {
	const environment = { HYPERAGENT_AUTH_TOKEN: "a".repeat(512), HYPERAGENT_METRICS_TOKEN: "~!" };
	expect(readServerFlags({ address: ADDRESS }, [], environment).options).toEqual({
		authToken: "a".repeat(512),
		metricsToken: "~!",
	});
});

test.each(["", " ", "two words", "line\n", "ta\tb", "caf\u00e9", "secret".repeat(100)])(
	"%j is no token: it is not taken for none, and not shown",
	(token) => {
		for (const variable of ["HYPERAGENT_AUTH_TOKEN", "HYPERAGENT_METRICS_TOKEN"]) {
			expect(() => readServerFlags({ address: ADDRESS }, [], { [variable]: token })).toThrow(
				`${variable}: expected 1 to 512 visible ASCII characters without a space.`,
			);
		}
	},
);

test("a token and --allow-unauthenticated exclude each other, in the words that were typed", () => {
	const options = { address: ADDRESS, allowUnauthenticated: true };
	expect(() => readServerFlags(options, [], { HYPERAGENT_AUTH_TOKEN: "t0ken" })).toThrow(
		/^--allow-unauthenticated: expected no HYPERAGENT_AUTH_TOKEN beside it/,
	);
	const environment = { HYPERAGENT_METRICS_TOKEN: "scrape" };
	expect(readServerFlags(options, [], environment).options).toEqual({
		allowUnauthenticated: true,
		metricsToken: "scrape",
	});
});
