import { countTokens } from "./answer.ts";
import { hash, Random } from "./random.ts";
import { integer } from "./request-body.ts";

/** `POST /v1/embeddings`, as https://platform.openai.com/docs/api-reference/embeddings describes it. */
export interface EmbeddingRequest {
	readonly model: string;
	readonly inputs: readonly string[];
	readonly dimensions: number;
	/** Base64 of little-endian 32-bit floats, which the official SDK asks for. */
	readonly base64: boolean;
}

/** What `text-embedding-3-small` has when nothing else is asked for. */
const DIMENSIONS = 1536;

/** The request, or in a sentence what is wrong with it. */
export function readEmbeddingRequest(body: Readonly<Record<string, unknown>>): EmbeddingRequest | string {
	const { dimensions, encoding_format, input, model } = body;
	if (typeof model !== "string") return "you must provide a model parameter";
	const inputs: unknown[] = Array.isArray(input) ? input : [input];
	const texts = inputs.filter((text) => typeof text === "string" && text !== "").map(String);
	if (texts.length === 0 || texts.length < inputs.length) return "'$.input' is invalid.";
	return {
		model,
		inputs: texts,
		dimensions: integer(dimensions) ?? DIMENSIONS,
		base64: encoding_format === "base64",
	};
}

/** The tokens of all inputs. */
export function embeddingTokens({ inputs }: EmbeddingRequest): number {
	return inputs.reduce((sum, text) => sum + countTokens(text), 0);
}

/** The answer: a unit vector each, always the same for the same text. */
export function embeddingBody(request: EmbeddingRequest, answersAs: string): unknown {
	const tokens = embeddingTokens(request);
	return {
		object: "list",
		data: request.inputs.map((text, index) => {
			const vector = unitVector(text, request.dimensions);
			const embedding = request.base64 ? Buffer.from(vector.buffer).toString("base64") : [...vector];
			return { object: "embedding", index, embedding };
		}),
		model: answersAs,
		usage: { prompt_tokens: tokens, total_tokens: tokens },
	};
}

function unitVector(text: string, dimensions: number): Float32Array {
	const random = new Random(hash(text));
	const vector = Float32Array.from({ length: dimensions }, () => random.normal());
	const length = Math.hypot(...vector);
	return vector.map((value) => value / length);
}
