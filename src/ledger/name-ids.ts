import type { DatabaseSync } from "node:sqlite";
import { OUTCOMES, type Outcome } from "../core/settled-call.ts";
import type { CallsQuery } from "./ledger-store.ts";

/** What a question for calls names, by the numbers of the names; `undefined` where anything will do. */
export interface CallIds {
	readonly routes: readonly number[] | undefined;
	readonly models: readonly number[] | undefined;
	readonly providers: readonly number[] | undefined;
	readonly outcomes: readonly number[] | undefined;
	readonly outcomeNames: readonly Outcome[] | undefined;
	readonly errorTypes: readonly number[] | undefined;
}

/** Looks the names up; one that is in no row has no number, so that nothing is found by it. */
export function callIds(db: DatabaseSync, query: CallsQuery): CallIds {
	const find = db.prepare("SELECT id FROM names WHERE name = ?");
	const numbers = (names: readonly string[] | undefined): readonly number[] | undefined => {
		if (names === undefined || names.length === 0) return undefined;
		return names.flatMap((name) => {
			const id = find.get(name)?.["id"];
			return typeof id === "number" ? [id] : [];
		});
	};
	const { errorTypes, models, outcomes, providers, routes } = query;
	return {
		routes: numbers(routes),
		models: numbers(models),
		providers: numbers(providers),
		outcomes: numbers(outcomes),
		outcomeNames:
			outcomes === undefined || outcomes.length === 0
				? undefined
				: OUTCOMES.filter((outcome) => outcomes.includes(outcome)),
		errorTypes: numbers(errorTypes),
	};
}

/** Whether nothing can be found: all that is named of a kind is in no row. */
export function isNothing({ errorTypes, models, outcomes, providers, routes }: CallIds): boolean {
	return [errorTypes, models, outcomes, providers, routes].some((ids) => ids?.length === 0);
}

/** Whether something is named, and this is not of it. */
export function isMissingFrom(ids: readonly number[] | undefined, id: unknown): boolean {
	return ids !== undefined && !ids.some((one) => one === id);
}

/** The same as the end of a WHERE clause; "" where anything will do. */
export function idsClause({ errorTypes, models, outcomes, providers, routes }: CallIds): string {
	const columns = {
		route: routes,
		model: models,
		provider: providers,
		outcome: outcomes,
		error_type: errorTypes,
	};
	return Object.entries(columns)
		.filter(([, ids]) => ids !== undefined)
		.map(([column, ids]) => ` AND ${column} IN (${ids?.join(", ") ?? ""})`)
		.join("");
}
