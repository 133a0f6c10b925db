import type { DatabaseSync, StatementSync } from "node:sqlite";

/** More names than this are forgotten together, here: the file keeps them. */
const MOST_REMEMBERED = 50_000;

/** The numbers that names have in the file. Several processes may add names at the same time. */
export class SqliteNames {
	readonly #find: StatementSync;
	readonly #add: StatementSync;
	readonly #numbers = new Map<string, number>();
	/** Numbers given out since the transaction began: when it fails they are not in the file. */
	readonly #fresh: string[] = [];

	constructor(db: DatabaseSync, table: "names" | "processes") {
		const [key, text] = table === "names" ? ["id", "name"] : ["no", "id"];
		this.#find = db.prepare(`SELECT ${key} AS number FROM ${table} WHERE ${text} = ?`);
		this.#add = db.prepare(`INSERT INTO ${table} (${text}) VALUES (?)`);
	}

	/** The name's number, in a transaction that may write; `null` for no name. */
	numberOf(name: string | undefined): number | null {
		if (name === undefined) return null;
		const known = this.#numbers.get(name);
		if (known !== undefined) return known;
		const number = this.#find.get(name)?.["number"] ?? this.#add.run(name).lastInsertRowid;
		if (this.#numbers.size >= MOST_REMEMBERED) this.#numbers.clear();
		this.#numbers.set(name, Number(number));
		this.#fresh.push(name);
		return Number(number);
	}

	/** The transaction is over. */
	ended(isCommitted: boolean): void {
		if (!isCommitted) for (const name of this.#fresh) this.#numbers.delete(name);
		this.#fresh.length = 0;
	}
}
