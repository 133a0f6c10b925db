/** What a request asks is what its body says as JSON, however it is read. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Asked, readAsked } from "../../src/monitoring/asked.ts";

const read = (body: string): Asked | Promise<Asked> => readAsked("http://x", { method: "POST", body });

test("as JSON.parse has it, whatever else is in it", async () => {
	const text = fc.oneof(
		fc.string(),
		fc.constantFrom("model", "stream", '"model"', '"stream":true', "\\", "m-1"),
	);
	const messages = fc.array(fc.record({ role: text, content: text }), { maxLength: 3 });
	const fields = fc.record(
		{
			model: fc.oneof(text, fc.constant(1)),
			messages,
			stream: fc.oneof(fc.boolean(), text),
			temperature: fc.double({ noNaN: true, noDefaultInfinity: true }),
			model_extra: text,
		},
		{ requiredKeys: [] },
	);
	const bodies = fc.record({
		fields,
		order: fc.shuffledSubarray(["model", "messages", "stream", "temperature"]),
		space: fc.constantFrom(0, 1),
	});
	await fc.assert(
		fc.asyncProperty(bodies, async ({ fields: all, order, space }) => {
			const body = Object.fromEntries(order.map((name) => [name, Reflect.get(all, name)]));
			const json = JSON.stringify(body, undefined, space);
			const { model, stream } = JSON.parse(json) as { model?: unknown; stream?: unknown };
			const expected = {
				model: typeof model === "string" && model !== "" ? model : undefined,
				isStream: stream === true,
			};
			expect(await read(json)).toEqual(expected);
			expect(await readAsked("http://x", { body: Buffer.from(json) })).toEqual(expected);
			const request = new Request("http://x", { method: "POST", body: json });
			expect(await readAsked(request, undefined)).toEqual(expected);
		}),
		{ numRuns: 300 },
	);
});

test("the later of two fields, and a name that is escaped", async () => {
	expect(await read('{"model":"a","model":"b"}')).toEqual({ model: "b", isStream: false });
	expect(await read('{"model":"a","stream":true,"stream":false}')).toEqual({ model: "a", isStream: false });
	expect(await read('{"model":"a\\u0062"}')).toEqual({ model: "ab", isStream: false });
	expect(await read('{"model":"a","tools":[{"stream":{"type":"boolean"}}]}')).toEqual({
		model: "a",
		isStream: false,
	});
	expect(await read('{"model":"a","tools":[{"model":{}}],"stream":true}')).toEqual({
		model: "a",
		isStream: true,
	});
});
