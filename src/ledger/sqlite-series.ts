import type { DatabaseSync } from "node:sqlite";
import { nameLookup } from "./name-lookup.ts";
import { SeriesBuilder, type StepNames } from "./series-builder.ts";
import { type KeptSince, planSeries } from "./series-plan.ts";
import type { Series, SeriesQuery } from "./series-query.ts";
import { readRowFacts } from "./sqlite-row-facts.ts";
import { keptStep } from "./sqlite-steps.ts";
import { forgottenKey } from "./step-schema.ts";

/** Answers from the kept steps, or from single rows where it takes those. */
export function readSeries(db: DatabaseSync, query: SeriesQuery): Series {
	const plan = planSeries(query, keptSince(db));
	const nameOf = nameLookup(db);
	const builder = new SeriesBuilder(plan);
	const seen = { routes: new Set<number>(), models: new Set<number>(), providers: new Set<number>() };
	const isMeant = matcher(query, nameOf);
	const isAsked = (names: StepNames): boolean => {
		seen.routes.add(names.route);
		seen.models.add(names.model);
		seen.providers.add(names.provider);
		return isMeant(names);
	};
	if (plan.from === "rows") {
		readRowFacts(db, plan.since, plan.until, (at, route, model, provider, facts) => {
			const names = { route, model, provider };
			if (isAsked(names)) builder.addRow(at, names, facts);
		});
	} else {
		const rows = db.prepare(
			"SELECT start, route, model, provider, sums, errors FROM steps WHERE span = ? AND start >= ? AND start < ?",
		);
		for (const columns of rows.iterate(plan.from, plan.since / 1000, plan.until / 1000)) {
			const { model, provider, route, start } = columns;
			const names = { route: Number(route), model: Number(model), provider: Number(provider) };
			if (isAsked(names)) builder.add(Number(start), names, keptStep(columns));
		}
	}
	const sorted = (ids: ReadonlySet<number>): string[] =>
		[...ids]
			.map(nameOf)
			.filter((name) => name !== "")
			.toSorted();
	const { models, providers, routes } = seen;
	return builder.build(nameOf, {
		routes: sorted(routes),
		models: sorted(models),
		providers: sorted(providers),
	});
}

function keptSince(db: DatabaseSync): KeptSince {
	const meta = new Map(
		db
			.prepare("SELECT key, value FROM meta")
			.all()
			.map(({ key, value }) => [key, Number(value)]),
	);
	const since = (key: string): number => meta.get(key) ?? Number.NEGATIVE_INFINITY;
	return {
		steps: {
			10: since(forgottenKey(10)),
			60: since(forgottenKey(60)),
			300: since(forgottenKey(300)),
			3600: since(forgottenKey(3600)),
			10800: since(forgottenKey(10_800)),
		},
		rows: Math.max(since("calls_since"), since("rows_since")),
	};
}

/** Whether a filter lets names through, by their numbers: each is looked at once. */
function matcher(
	{ models, providers, routes }: SeriesQuery,
	nameOf: (id: number) => string,
): (names: StepNames) => boolean {
	const one = (wanted: readonly string[] | undefined): ((id: number) => boolean) => {
		if (wanted === undefined || wanted.length === 0) return () => true;
		const known = new Map<number, boolean>();
		return (id) => {
			const found = known.get(id) ?? wanted.includes(nameOf(id));
			known.set(id, found);
			return found;
		};
	};
	const [isRoute, isModel, isProvider] = [one(routes), one(models), one(providers)];
	return ({ model, provider, route }) => isRoute(route) && isModel(model) && isProvider(provider);
}
