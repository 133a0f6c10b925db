import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { streamOptionsRefusal, UsageAsking } from "../../src/wire/usage-asking.ts";

describe("UsageAsking", () => {
	test("asks until it is told not to", () => {
		const asking = new UsageAsking();
		expect(asking.isOn).toBe(true);
		asking.refused("named");
		expect(asking.isOn).toBe(false);
	});

	test("believes a refusal without a word only the second time in a row", () => {
		const asking = new UsageAsking();
		asking.refused("silent");
		asking.accepted();
		asking.refused("silent");
		expect(asking.isOn).toBe(true);
		asking.refused("silent");
		expect(asking.isOn).toBe(false);
	});
});

/** The error that OpenAI's SDK makes of such an answer. */
function refusal(status: number, body: object | undefined, message?: string): unknown {
	return OpenAI.APIError.generate(status, body, message, new Headers());
}

describe("streamOptionsRefusal", () => {
	test.each([
		// Of OpenAI (a field that needs `stream`), of a server that takes no fields that it does not know, of pydantic.
		[
			400,
			{
				error: {
					message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
					param: "stream_options",
				},
			},
		],
		[400, { error: { message: "Unrecognized request argument supplied: stream_options" } }],
		[400, { error: { message: "bad field", param: "stream_options.include_usage" } }],
		[422, { error: { message: "extra fields not permitted: include_usage" } }],
	])("%d %j names it", (status, body) => {
		expect(streamOptionsRefusal(refusal(status, body))).toBe("named");
	});

	test.each([400, 422])("%d without a body that can be read is silent", (status) => {
		expect(streamOptionsRefusal(refusal(status, undefined))).toBe("silent");
	});

	test.each([
		refusal(400, { error: { message: "Unsupported value: 'temperature'", param: "temperature" } }),
		refusal(401, { error: { message: "stream_options" } }),
		refusal(500, undefined),
		new Error("stream_options"),
		new TypeError("fetch failed"),
		"stream_options",
		{ status: 400, message: "stream_options" },
		undefined,
	])("%o is about something else", (error) => {
		expect(streamOptionsRefusal(error)).toBeUndefined();
	});
});
