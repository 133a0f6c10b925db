import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type ApiScript, TEXT_ANSWER, TOOL_ANSWER, type WireRequest } from "./api-script.ts";
import type { Exchange } from "./exchange.ts";
import type { Overrides, Step, StreamEnd } from "./scenarios.ts";

const JSON_TYPE = { "content-type": "application/json" };
const EVENTS_TYPE = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };

/** Does with one request what the step says. */
export async function playStep(
	step: Step,
	script: ApiScript,
	exchange: Exchange,
	overrides: Overrides,
): Promise<void> {
	const request: WireRequest = { path: exchange.path.split("?", 1)[0] ?? "", body: exchange.body };
	const answer = overrides.answer === "tool" ? TOOL_ANSWER : TEXT_ANSWER;
	if (overrides.headersAfterMs !== undefined) await sleep(overrides.headersAfterMs);
	switch (step.do) {
		case "answer": {
			const end = step.then ?? "whole";
			if (script.isStream(request)) return playStream(script, request, answer, end, exchange, overrides);
			return playBody(script, request, answer, end, exchange, overrides);
		}
		case "refuse": {
			if (step.onlyIf !== undefined && !(step.onlyIf in request.body)) {
				return playStep({ do: "answer" }, script, exchange, { ...overrides, headersAfterMs: 0 });
			}
			const { body, headers, status } = script.refusals[step.refusal];
			return exchange.end(status, { ...JSON_TYPE, ...headers }, JSON.stringify(body));
		}
		case "half-json":
			return exchange.end(200, { ...JSON_TYPE, ...script.headers }, firstHalf(script, request, answer));
		case "nothing": {
			const type = step.as === "events" ? EVENTS_TYPE : JSON_TYPE;
			if (step.as === "content-length") return exchange.end(200, { ...type, ...script.headers }, "");
			exchange.open(200, { ...type, ...script.headers });
			return exchange.finish();
		}
		case "hold":
			return exchange.over;
		case "reset":
			return exchange.reset();
		case "flood":
			return flood(script, request, exchange, overrides);
	}
}

async function playStream(
	script: ApiScript,
	request: WireRequest,
	answer: Answer,
	end: StreamEnd,
	exchange: Exchange,
	{ chunkBytes, errorForm = "usual", firstPieceAfterMs, pieces = 2 }: Overrides,
): Promise<void> {
	const stream = script.stream(request, answer);
	const send = async (events: readonly string[]): Promise<void> => {
		for (const event of events) await exchange.write(event, chunkBytes);
	};
	const isWhole = end === "whole" || end === "stop-before-end-mark";
	exchange.open(200, { ...EVENTS_TYPE, ...script.headers });
	await send(stream.head);
	if (firstPieceAfterMs !== undefined) await sleep(firstPieceAfterMs);
	exchange.firstPieceAt = performance.now();
	await send((isWhole ? answer.pieces : answer.pieces.slice(0, pieces)).map((text) => stream.piece(text)));
	if (end === "hold") return exchange.over;
	if (end === "destroy") return exchange.reset();
	if (end === "error") await send(stream.error(errorForm));
	if (isWhole) {
		const tail = stream.tail();
		await send(end === "whole" ? tail : tail.slice(0, -1));
	}
	exchange.finish();
}

/** Whole, or half of it where the connection is to be held or cut. */
async function playBody(
	script: ApiScript,
	request: WireRequest,
	answer: Answer,
	end: StreamEnd,
	exchange: Exchange,
	{ firstPieceAfterMs }: Overrides,
): Promise<void> {
	const headers = { ...JSON_TYPE, ...script.headers };
	if (end === "hold" || end === "destroy") {
		exchange.open(200, headers);
		await exchange.write(firstHalf(script, request, answer));
		return end === "hold" ? exchange.over : exchange.reset();
	}
	const body = JSON.stringify(script.body(request, answer));
	if (firstPieceAfterMs === undefined) return exchange.end(200, headers, body);
	exchange.open(200, headers);
	await sleep(firstPieceAfterMs);
	exchange.firstPieceAt = performance.now();
	await exchange.write(body);
	exchange.finish();
}

function firstHalf(script: ApiScript, request: WireRequest, answer: Answer): string {
	const body = JSON.stringify(script.body(request, answer));
	return body.slice(0, Math.floor(body.length / 2));
}

/** Pieces of about a kilobyte. What the API repeats at the end of a text is left empty: it would be the whole again. */
async function flood(
	script: ApiScript,
	request: WireRequest,
	exchange: Exchange,
	{ megabytes = 1 }: Overrides,
): Promise<void> {
	const stream = script.stream(request, { kind: "text", pieces: [] });
	const text = "été 東京 🎉 ".repeat(50);
	exchange.open(200, { ...EVENTS_TYPE, ...script.headers });
	for (const event of stream.head) await exchange.write(event, undefined, false);
	exchange.firstPieceAt = performance.now();
	while (exchange.bytesSent < megabytes * 1_000_000 && exchange.isOpen) {
		await exchange.write(stream.piece(text), undefined, false);
	}
	for (const event of stream.tail()) await exchange.write(event, undefined, false);
	exchange.finish();
}
