import type { CreateContender, Contender } from "./contender.ts";
import { LINES_PER_PAIR } from "./families.ts";
import type { Figure } from "./result.ts";
import { pairsOf } from "./workload.ts";

/**
 * Bytes a line of a whole registry, families included: heapUsed and arrayBuffers (where typed arrays and buffers are)
 * of several registries after a collection, minus before. `scraped` tells the caches of rendering apart: it is taken
 * after each has been scraped twice.
 */
export async function memory(
	create: CreateContender,
	{ lines, scraped }: { lines: number; scraped: boolean },
): Promise<Figure | undefined> {
	const pairCount = Math.round(lines / LINES_PER_PAIR);
	const build = async (): Promise<Contender | undefined> => {
		const contender = create();
		// Labels of its own, as they come from a program's configuration: the strings count.
		contender.fill(pairsOf(pairCount));
		if (!scraped) return contender;
		for (let i = 0; i < 2; i++) if ((await contender.scrape("text")) === undefined) return undefined;
		return contender;
	};
	// One that is thrown away: code, its feedback and what is shared are there after it.
	const text = await create().scrape("text");
	if (text === undefined || (await build()) === undefined) return undefined;
	const kept: (Contender | undefined)[] = [];
	const count = lines < 1000 ? 32 : 4;
	const before = await used();
	for (let i = 0; i < count; i++) kept.push(await build());
	const after = await used();
	const counted = pairCount * LINES_PER_PAIR;
	return { value: (after - before) / kept.length / counted, samples: kept.length, lines: counted };
}

async function used(): Promise<number> {
	if (globalThis.gc === undefined) throw new Error("Memory wants node --expose-gc.");
	for (let i = 0; i < 4; i++) {
		// A turn between, so that finalizers can let go of buffers.
		await new Promise((resolve) => setImmediate(resolve));
		await globalThis.gc({ type: "major", execution: "async" });
	}
	const { arrayBuffers, heapUsed } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}
