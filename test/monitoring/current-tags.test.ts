import { expect, test } from "vitest";
import { currentTags } from "../../src/monitoring/current-tags.ts";
import { withTags } from "../../src/monitoring/index.ts";

test("an inner set adds to the outer one, and wins where both name a tag", async () => {
	const seen = await withTags({ team: "search", tier: "free" }, () =>
		withTags({ tier: "gold" }, async () => {
			await Promise.resolve();
			return currentTags();
		}),
	);
	expect(seen).toEqual({ team: "search", tier: "gold" });
	expect(currentTags()).toBeUndefined();
});

test("what is no tag changes nothing, and what runs under it runs", () => {
	const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`t${i}`, "v"]));
	const bad = [
		{ "a b": "v" },
		{ a: "" },
		{ a: "v".repeat(65) },
		{ a: "\ud800" },
		nine,
		"team",
		null,
		{ a: 1 },
	];
	for (const tags of bad) expect(withTags(tags as never, () => currentTags())).toBeUndefined();
	expect(withTags({ a: "v" }, () => withTags(nine, () => currentTags()))).toEqual({ a: "v" });
});

test("beyond a thousand sets the tag with the most values becomes other, and in the end every one", () => {
	for (let i = 0; i < 1100; i += 1) withTags({ user: `u${i}` }, () => undefined);
	expect(withTags({ user: "u1099" }, () => currentTags())).toEqual({ user: "other" });
	expect(withTags({ user: "u5" }, () => currentTags())).toEqual({ user: "u5" });
	// What has few values keeps them.
	expect(withTags({ team: "search", user: "u1100" }, () => currentTags())).toEqual({
		team: "search",
		user: "other",
	});
	for (let i = 0; i < 1100; i += 1) withTags({ team: `t${i}`, user: "u1" }, () => undefined);
	expect(withTags({ team: "t5000", user: "u1" }, () => currentTags())).toMatchObject({ team: "other" });
});
