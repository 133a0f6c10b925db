import type { RowPage } from "./row-page.ts";
import type { RowsMessage } from "./worker-messages.ts";

/** Says what a thread has to be told of a page's rows: the page itself comes with its first rows, and each name once. */
export class PageSender {
	#page: RowPage | undefined;
	#names = 0;

	/** @param names how many of the page's names are known by then */
	message(number: number, page: RowPage, from: number, to: number, names: number): RowsMessage {
		const isNew = page !== this.#page;
		if (isNew) [this.#page, this.#names] = [page, 0];
		const message: RowsMessage = {
			kind: "rows",
			number,
			values: isNew ? page.values : undefined,
			names: page.names.slice(this.#names, names),
			from,
			to,
		};
		this.#names = names;
		return message;
	}
}
