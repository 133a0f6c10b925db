import type { Browser } from "playwright-core";

/**
 * How long this machine's browser takes now, in milliseconds, to build a table of 1,600 cells and lay it out: what a
 * page's own times are held against where the machine is busy or slow. The median of thirty.
 */
export async function referenceTaskMs(browser: Browser): Promise<number> {
	const page = await browser.newPage();
	const times: unknown = await page.evaluate(`(() => Array.from({ length: 30 }, (_, turn) => {
		const start = performance.now();
		const table = document.createElement("table");
		for (let row = 0; row < 200; row += 1) {
			const cells = table.insertRow();
			for (let cell = 0; cell < 8; cell += 1) cells.insertCell().textContent = [turn, row, cell].join(" ");
		}
		document.body.replaceChildren(table);
		table.getBoundingClientRect();
		return performance.now() - start;
	}))()`);
	await page.close();
	const sorted = Array.isArray(times) ? times.map(Number).toSorted((a, b) => a - b) : [];
	return sorted[sorted.length >> 1] ?? Number.NaN;
}
