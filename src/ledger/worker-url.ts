/** The file of the worker: beside this one, with the same ending, in the source as in what is built from it. */
export const WORKER_URL: URL = new URL(
	`./sqlite-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
	import.meta.url,
);
