import { waitForUpdate } from "@pydantic/genai-prices";
import type { Prices } from "./prices.ts";
import { ownProviderId } from "./provider-names.ts";

/** A provider, and the models that have a price with it. */
export interface ListedProvider {
	readonly provider: string;
	readonly models: readonly string[];
}

/** Everybody whom the list, or the user, has prices of; the models are names that have a price of their own. */
export async function listedNames({ models = [] }: Prices): Promise<readonly ListedProvider[]> {
	const listed = new Map<string, string[]>();
	for (const { id, models: theirs } of (await waitForUpdate()) ?? []) {
		const names = listed.get(id) ?? [];
		names.push(...theirs.map((model) => model.id));
		listed.set(id, names);
	}
	for (const { model, provider } of models) {
		const id = ownProviderId(provider) ?? provider;
		const names = listed.get(id) ?? [];
		if (!model.endsWith("*")) names.push(model);
		listed.set(id, names);
	}
	return [...listed].map(([provider, names]) => ({ provider, models: names }));
}
