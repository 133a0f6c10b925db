import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Exposition } from "../../src/exposition/exposition.ts";
import { negotiate } from "../../src/exposition/negotiate.ts";
import { encodeProtobuf, PROTOBUF_CONTENT_TYPE } from "../../src/exposition/protobuf.ts";
import { TEXT_CONTENT_TYPE } from "../../src/exposition/text-format.ts";
import type { Recorder } from "../../src/metrics/recorder.ts";
import { sourceOf } from "../exposition/source-of.ts";

/** `/metrics` of one recorder: protobuf for who likes it best, else text. */
export interface MetricsEndpoint {
	readonly url: string;
	/** What was answered so far, by content type. */
	readonly answers: Readonly<Record<string, number>>;
	close(): Promise<void>;
}

/** Serves what the recorder holds at each request. */
export async function serveMetrics(recorder: Recorder): Promise<MetricsEndpoint> {
	const text = new Exposition(recorder);
	const answers: Record<string, number> = {};
	const server = createServer((request, response) => {
		const wantsProtobuf = negotiate(request.headers.accept) === "protobuf";
		const type = wantsProtobuf ? PROTOBUF_CONTENT_TYPE : TEXT_CONTENT_TYPE;
		answers[type] = (answers[type] ?? 0) + 1;
		response.writeHead(200, { "Content-Type": type });
		if (wantsProtobuf) void encode(recorder).then((bytes) => response.end(bytes));
		else response.end(text.renderText());
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		answers,
		close: async () => {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
}

async function encode(recorder: Recorder): Promise<Uint8Array> {
	const generator = encodeProtobuf(sourceOf(recorder));
	for (;;) {
		const { done, value } = generator.next();
		if (done === true) return value.bytes;
		await turn();
	}
}
