/** Responses that somebody has changed, or stands in front of: their caller gets what it would without us, and each counts once. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";
import { ReplayServer } from "../providers/replay-server.ts";

const ANSWER = JSON.stringify({
	model: "gpt-5-mini-2025-08-07",
	choices: [],
	usage: { prompt_tokens: 3, completion_tokens: 4 },
});
const SEVEN = { outcome: "success", usage: { inputUncached: 3, output: 4 }, attempts: 1 } as const;

type Fetch = typeof fetch;

/** Asks through a `fetch` of the user's own, and reads the answer so. */
async function ask(
	between: (response: Response) => Response,
	read: (response: Response) => unknown,
): Promise<unknown> {
	const server = await ReplayServer.start((response) =>
		response.writeHead(200, { "content-type": "application/json" }).end(ANSWER),
	);
	const metered: Fetch = meteredFetch(async (...args) => between(await fetch(...args)), { route: "touched" });
	const init = { method: "POST", body: '{"model":"gpt-5-mini"}' };
	return read(await metered(`${server.url}/v1/chat/completions`, init));
}

const asIs = (response: Response): Response => response;

async function streamed(response: Response): Promise<string> {
	let text = "";
	for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk);
	return text;
}

test.each<readonly [string, PropertyDescriptor | undefined]>([
	["a value", undefined],
	["an accessor", { configurable: true }],
])("a body of its own, as %s, is the one that is read", async (_, accessor) => {
	using recorder = installTestRecorder();
	const shout = (response: Response): Response => {
		const stream = response.body?.pipeThrough(new TransformStream());
		const own = accessor === undefined ? { value: stream } : { ...accessor, get: () => stream };
		return Object.defineProperty(response, "body", own);
	};
	expect(await ask(shout, streamed)).toBe(ANSWER);
	await expectCalls(recorder, SEVEN);
});

test("what stands in front of a response, with a body of its own", async () => {
	using recorder = installTestRecorder();
	const behind = (response: Response): Response => {
		const stream = response.body?.pipeThrough(new TransformStream());
		return new Proxy(response, {
			get(target, name) {
				if (name === "body") return stream;
				const value: unknown = Reflect.get(target, name);
				return typeof value === "function" ? value.bind(target) : value;
			},
		});
	};
	expect(await ask(behind, streamed)).toBe(ANSWER);
	await expectCalls(recorder, SEVEN);
});

test("a method that is put over ours is the one that is called", async () => {
	using recorder = installTestRecorder();
	const server = await ReplayServer.start((response) => response.writeHead(200).end(ANSWER));
	const inner = meteredFetch(fetch, { route: "inner" });
	const patched: Fetch = async (_, init) => {
		const response = await inner(`${server.url}/v2/chat/completions`, {
			...init,
			body: '{"model":"gpt-5"}',
		});
		const json = response.json.bind(response);
		const patch = async (): Promise<unknown> => Object.assign(Object(await json()), { patched: true });
		return Object.defineProperty(response, "json", { value: patch });
	};
	const outer = meteredFetch(patched, { route: "outer" });
	const init = { method: "POST", body: '{"model":"gpt-5-mini"}' };
	expect(await (await outer(`${server.url}/v1/chat/completions`, init)).json()).toMatchObject({
		patched: true,
	});
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.calls.map(({ usage }) => usage?.output)).toEqual([4, 4]);
});

test("the methods of what stands in for a response, taken off it", async () => {
	using recorder = installTestRecorder();
	const mock = (): Response => {
		const headers = new Headers();
		// As tests write them.
		return { ok: true, status: 200, headers, json: async () => JSON.parse(ANSWER) as unknown } as Response;
	};
	const read = ({ json }: Response): Promise<unknown> => json();
	expect(await ask(mock, read)).toMatchObject({ model: "gpt-5-mini-2025-08-07" });
	await expectCalls(recorder, SEVEN);
});

test("after a clone the body is the one that the clone has left", async () => {
	using recorder = installTestRecorder();
	const both = async (response: Response): Promise<unknown> => {
		const copy = response.clone();
		return [await streamed(copy), await streamed(response)];
	};
	expect(await ask(asIs, both)).toEqual([ANSWER, ANSWER]);
	await expectCalls(recorder, SEVEN);
});

test("what inherits from a response is none, and reads nothing of it", async () => {
	using recorder = installTestRecorder();
	const both = async (response: Response): Promise<unknown> => {
		const heir: Response = Object.create(response) as Response;
		expect(() => heir.json()).toThrow(TypeError);
		return response.json();
	};
	expect(await ask(asIs, both)).toMatchObject({ choices: [] });
	await expectCalls(recorder, SEVEN);
});

test("nothing of ours is to be seen on a response", async () => {
	using recorder = installTestRecorder();
	const look = async (response: Response): Promise<unknown> => {
		const seen = [Object.keys(response), Object.assign({}, response), response.json.name, response.text.name];
		await response.text();
		return seen;
	};
	expect(await ask(asIs, look)).toEqual([[], {}, "json", "text"]);
	await expectCalls(recorder, SEVEN);
});

test("a response has no property of its own, and what can be listed of it is what a plain one has", async () => {
	using recorder = installTestRecorder();
	const listed = (response: Response): string[] => {
		const names: string[] = [];
		// What it inherits, too.
		for (const name in response) names.push(name);
		return names.toSorted();
	};
	const look = async (response: Response): Promise<unknown> => {
		const shown = Object.prototype.toString.call(response);
		const seen = [Reflect.ownKeys(response), listed(response), shown, response instanceof Response];
		await response.text();
		return seen;
	};
	const plain = new Response("{}");
	expect(await ask(asIs, look)).toEqual([[], listed(plain), "[object Response]", true]);
	await expectCalls(recorder, SEVEN);
});

test("a method of all responses that somebody has changed since is the one that is called", async () => {
	using recorder = installTestRecorder();
	const { arrayBuffer, json } = Response.prototype;
	const called: string[] = [];
	const changed = (method: () => unknown) =>
		function (this: Response): unknown {
			called.push(method.name);
			return Reflect.apply(method, this, []);
		};
	Object.assign(Response.prototype, { arrayBuffer: changed(arrayBuffer), json: changed(json) });
	try {
		expect(await ask(asIs, (response) => response.json())).toMatchObject({ choices: [] });
		await ask(asIs, (response) => response.arrayBuffer());
	} finally {
		Object.assign(Response.prototype, { arrayBuffer, json });
	}
	expect(called).toEqual(["json", "arrayBuffer"]);
	await expectCalls(recorder, SEVEN, SEVEN);
});

test("a second reading fails as it does without us, and is no second call", async () => {
	using recorder = installTestRecorder();
	const twice = async (response: Response): Promise<unknown> => {
		const first = await response.json();
		await expect(response.text()).rejects.toThrow(TypeError);
		await expect(response.arrayBuffer()).rejects.toThrow(TypeError);
		return [first, response.bodyUsed, response.body?.locked];
	};
	const plain = new Response(ANSWER);
	await plain.json();
	expect(await ask(asIs, twice)).toEqual([JSON.parse(ANSWER), plain.bodyUsed, plain.body?.locked]);
	await expectCalls(recorder, SEVEN);
});

test("whoever looks at the body first reads it as a whole all the same", async () => {
	using recorder = installTestRecorder();
	const look = async (response: Response): Promise<unknown> =>
		response.body === null ? null : response.json();
	expect(await ask(asIs, look)).toMatchObject({ choices: [] });
	await expectCalls(recorder, SEVEN);
});

test.each<readonly [string, (response: Response) => Promise<unknown>]>([
	["json", (response) => Reflect.apply(Response.prototype.json, response, [])],
	[
		"text",
		async (response) => JSON.parse(await Reflect.apply(Response.prototype.text, response, [])) as unknown,
	],
	[
		"another prototype",
		(response) => {
			class Own extends Response {}
			Object.setPrototypeOf(response, Own.prototype);
			return response.json();
		},
	],
])("whoever goes around what watches a response is seen by its stream: %s", async (_, read) => {
	using recorder = installTestRecorder();
	expect(await ask(asIs, read)).toMatchObject({ choices: [] });
	await expectCalls(recorder, SEVEN);
});

test("a stream that was taken before is read as ever", async () => {
	using recorder = installTestRecorder();
	let stream: ReadableStream<Uint8Array> | null = null;
	const taking = (response: Response): Response => {
		stream = response.body;
		return response;
	};
	const read = async (): Promise<string> => {
		const reader = stream?.getReader();
		let text = "";
		for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
			text += Buffer.from(chunk.value).toString();
		}
		return text;
	};
	expect(await ask(taking, read)).toBe(ANSWER);
	await expectCalls(recorder, SEVEN);
});

test("headers that throw when they are read later harm nobody", async () => {
	using recorder = installTestRecorder();
	const headers = {
		get(name: string): string | null {
			if (name === "content-type") throw new Error("planted");
			return null;
		},
	};
	// As tests write them.
	const mock = (): Response =>
		({ type: "basic", ok: true, status: 200, headers, text: async () => ANSWER }) as unknown as Response;
	expect(await ask(mock, (response) => response.text())).toBe(ANSWER);
	expect(recorder.gauge("llm_active_requests")).toBe(0);
});

describe("right from Node's own fetch", () => {
	/** Asks through nothing but ours, and reads the answer so. */
	async function askNodes(read: (response: Response) => unknown): Promise<unknown> {
		const server = await ReplayServer.start((response) =>
			response.writeHead(200, { "content-type": "application/json" }).end(ANSWER),
		);
		const metered = meteredFetch(fetch, { route: "touched" });
		const init = { method: "POST", body: '{"model":"gpt-5-mini"}' };
		return read(await metered(`${server.url}/v1/chat/completions`, init));
	}

	test.each<readonly [string, (response: Response) => Promise<unknown>]>([
		["json", async (response) => JSON.stringify(await response.json())],
		["text", (response) => response.text()],
		["arrayBuffer", async (response) => Buffer.from(await response.arrayBuffer()).toString()],
		["blob", async (response) => (await response.blob()).text()],
		["a clone and itself", async (response) => [await response.clone().text(), await response.text()][1]],
		["its body", streamed],
		["another one of its body", (response) => new Response(response.body).text()],
		["its body, taken before", async (response) => [response.body, await response.text()][1]],
		[
			"its body, through the prototype's getter, a little later",
			async (response) => {
				await sleep(30);
				const body: unknown = Reflect.get(Response.prototype, "body", response);
				return new Response(body as ReadableStream).text();
			},
		],
		[
			"its prototype's method, a little later",
			async (response) => {
				await sleep(30);
				return Reflect.apply(Response.prototype.text, response, []);
			},
		],
	])("is counted, however it is read: %s", async (_, read) => {
		using recorder = installTestRecorder();
		expect(await askNodes(read)).toBe(ANSWER);
		await expectCalls(recorder, SEVEN);
	});

	test.each<readonly [string, (response: Response) => unknown]>([
		["a method of the prototype's", (response) => Reflect.apply(Response.prototype.text, response, [])],
		[
			"the prototype's body",
			(response) => {
				const body = Reflect.get(Response.prototype, "body", response) as ReadableStream;
				return new Response(body).text();
			},
		],
		[
			"the prototype's body, by the piece",
			async (response) => {
				const body = Reflect.get(Response.prototype, "body", response) as ReadableStream<Uint8Array>;
				let text = "";
				for await (const chunk of body) text += Buffer.from(chunk).toString();
				return text;
			},
		],
	])("who goes around it at once has read it, and what it used is not known: %s", async (_, read) => {
		using recorder = installTestRecorder();
		expect(await askNodes(read)).toBe(ANSWER);
		await expectCalls(recorder, {
			outcome: "success",
			usage: undefined,
			usageMissing: "not_reported",
			costUsd: undefined,
		});
	});

	test("a form is refused as it is without us", async () => {
		using recorder = installTestRecorder();
		await expect(askNodes((response) => response.formData())).rejects.toThrow(TypeError);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});

	test("it is read by its stream where another Response stands in the place of Node's", async () => {
		using recorder = installTestRecorder();
		const server = await ReplayServer.start((response) =>
			response.writeHead(200, { "content-type": "application/json" }).end(ANSWER),
		);
		vi.stubGlobal("Response", Blob);
		vi.resetModules();
		try {
			const { meteredFetch: its } = await import("../../src/monitoring/metered-fetch.ts");
			const init = { method: "POST", body: '{"model":"gpt-5-mini"}' };
			const response = await its(fetch, { route: "touched" })(`${server.url}/v1/chat/completions`, init);
			expect([response.ok, await response.text()]).toEqual([true, ANSWER]);
		} finally {
			vi.unstubAllGlobals();
			vi.resetModules();
		}
		await expectCalls(recorder, SEVEN);
	});

	test("what somebody has taken off all responses since is not there", async () => {
		using recorder = installTestRecorder();
		const own = Object.getOwnPropertyDescriptor(Response.prototype, "blob");
		Reflect.deleteProperty(Response.prototype, "blob");
		try {
			await askNodes(async (response) => {
				expect(() => response.blob()).toThrow(TypeError);
				await response.text();
			});
		} finally {
			Object.defineProperty(Response.prototype, "blob", { ...own });
		}
		await expectCalls(recorder, SEVEN);
	});

	test("nothing of ours is to be seen", async () => {
		using recorder = installTestRecorder();
		const look = async (response: Response): Promise<unknown> => {
			const names: string[] = [];
			// What it inherits, too.
			for (const name in response) names.push(name);
			const methods = [response.json, response.text, response.clone, response.arrayBuffer, response.formData];
			const shown = [
				Reflect.ownKeys(response),
				names.toSorted(),
				methods.map(({ length, name }) => [name, length]),
			];
			const { body } = response;
			return [
				shown,
				body === response.body,
				Object.prototype.toString.call(response),
				await response.json(),
				response.bodyUsed,
			];
		};
		const plain = new Response(ANSWER, { headers: { "content-type": "application/json" } });
		expect(await askNodes(look)).toEqual(await look(plain));
		await expectCalls(recorder, SEVEN);
	});
});
