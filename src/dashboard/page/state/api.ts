/** What went wrong, in words for the one who looks. */
export class AnswerError extends Error {
	override readonly name = "AnswerError";
}

const GIVE_UP_AFTER_MS = 10_000;
/** Without the name and password that the page's own address may hold: fetch refuses such a URL. */
const BASE: string = location.origin + location.pathname;

/** The URL of `path`, which has no slash at its start: the page may live below a prefix. */
export function urlOf(path: string): string {
	return new URL(path, BASE).href;
}

/** Asks the server; a 401 leads to the login. The server writes what `T` says. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
	const timeout = AbortSignal.timeout(GIVE_UP_AFTER_MS);
	let response: Response;
	try {
		response = await fetch(urlOf(path), { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
	} catch {
		throw new AnswerError(
			timeout.aborted
				? "the server does not answer, trying again"
				: "the server cannot be reached, trying again",
		);
	}
	if (response.status === 401) {
		goToLogin();
		throw new AnswerError("the server wants its token: log in again");
	}
	if (!response.ok) throw new AnswerError(await reasonOf(response));
	// Both sides are typed by the same file.
	return (await response.json()) as T;
}

async function reasonOf(response: Response): Promise<string> {
	const said: unknown = await response.json().catch(() => undefined);
	const error =
		typeof said === "object" && said !== null && "error" in said && typeof said.error === "string"
			? `: ${said.error}`
			: "";
	return `the server answers ${response.status}${error}`;
}

function goToLogin(): void {
	// The query comes along, and so does the view that it holds.
	location.assign(urlOf("login") + location.search);
}
