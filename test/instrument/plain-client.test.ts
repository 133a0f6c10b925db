/** A plain client that somebody changes is none any more, whichever of its steps that is. */
import { expect, test } from "vitest";
import { PlainClient } from "../../src/instrument/plain-client.ts";

/** As the clients of `openai` and `@anthropic-ai/sdk` name them. */
const STEPS = [
	"prepareOptions",
	"buildRequest",
	"buildURL",
	"authHeaders",
	"prepareRequest",
	"fetchWithAuth",
	"fetchWithTimeout",
	"backendMiddleware",
	"retryRequest",
];

const step = (): void => undefined;
const fetch = (): void => undefined;

test.each(STEPS)("%s is put in another's place", (name) => {
	const client = { fetch, ...Object.fromEntries(STEPS.map((each) => [each, step])) };
	const plain = new PlainClient(client, fetch);
	expect(plain.isPlain).toBe(true);
	Object.assign(client, { [name]: () => undefined });
	expect(plain.isPlain).toBe(false);
});

test.each(STEPS)("%s is put where there was none", (name) => {
	const client = { fetch };
	const plain = new PlainClient(client, fetch);
	expect(plain.isPlain).toBe(true);
	Object.assign(client, { [name]: step });
	expect(plain.isPlain).toBe(false);
});

test.each([{ fetch: step }, { logLevel: "debug" }])("%j changes it, too", (change) => {
	const client = { fetch };
	const plain = new PlainClient(client, fetch);
	Object.assign(client, change);
	expect(plain.isPlain).toBe(false);
});
