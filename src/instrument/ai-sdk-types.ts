/*
 * What we see of the Vercel AI SDK: its specification of models, version 4, as far as we read it. Written down here, so
 * that nobody needs its packages for our types.
 * https://github.com/vercel/ai/tree/main/packages/provider/src
 */

/** Whose answer it is. */
export interface NamedModel {
	/** As "openai.responses" or "amazon-bedrock". */
	readonly provider: string;
	readonly modelId: string;
}

/** What a model is asked with. */
export interface ModelParams {
	readonly abortSignal?: AbortSignal | undefined;
	readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
	readonly providerOptions?: Readonly<Record<string, object>> | undefined;
	readonly tools?: readonly object[] | undefined;
}

/** A middleware for language models and for embedding models; assignable to the AI SDK's types of both. */
export interface MeteringMiddleware {
	readonly specificationVersion: "v4";
	/** Changes nothing: it is where a middleware first hears of its model. */
	readonly overrideModelId: (options: { readonly model: NamedModel }) => string;
	readonly wrapGenerate: <P extends ModelParams, R>(options: {
		readonly doGenerate: () => PromiseLike<R>;
		readonly params: P;
		readonly model: NamedModel & { doGenerate(params: P): PromiseLike<R> };
	}) => Promise<R>;
	readonly wrapStream: <P extends ModelParams, R>(options: {
		readonly doStream: () => PromiseLike<R>;
		readonly params: P;
		readonly model: NamedModel & { doStream(params: P): PromiseLike<R> };
	}) => Promise<R>;
	readonly wrapEmbed: <P extends ModelParams, R>(options: {
		readonly doEmbed: () => PromiseLike<R>;
		readonly params: P;
		readonly model: NamedModel & { doEmbed(params: P): PromiseLike<R> };
	}) => Promise<R>;
}
