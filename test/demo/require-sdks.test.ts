import { expect, test } from "vitest";
import { requireSdks } from "../../src/demo/require-sdks.ts";

/** Finds these packages and no others. */
function installed(...names: string[]): { resolve(name: string): void } {
	return {
		resolve: (name) => {
			if (!names.includes(name)) throw new Error("ERR_MODULE_NOT_FOUND");
		},
	};
}

test.each([
	[
		[],
		"The demo needs the packages openai and @anthropic-ai/sdk, which are not installed: npm install openai @anthropic-ai/sdk",
	],
	[
		["openai"],
		"The demo needs the package @anthropic-ai/sdk, which is not installed: npm install @anthropic-ai/sdk",
	],
	[["@anthropic-ai/sdk"], "The demo needs the package openai, which is not installed: npm install openai"],
])("with %j installed, all that is missing is named at once", (names, message) => {
	expect(() => requireSdks(installed(...names))).toThrow(
		expect.objectContaining({ code: "MISSING_PEER", message }),
	);
});

test("with both, or where nothing can be resolved, it says nothing", () => {
	expect(() => requireSdks(installed("openai", "@anthropic-ai/sdk"))).not.toThrow();
	expect(() => requireSdks({})).not.toThrow();
});
