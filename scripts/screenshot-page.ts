/**
 * Takes the README's picture of a running dashboard: `node scripts/screenshot-page.ts [url] [file]`. For full charts let
 * the demo run for five minutes first.
 */
import { join } from "node:path";
import { launchChromium } from "./chromium.ts";
import { ROOT } from "./run-command.ts";

const [url = "http://127.0.0.1:8080/", file = join(ROOT, "docs/images/page.png")] = process.argv.slice(2);
const browser = await launchChromium();
try {
	const page = await browser.newPage({
		viewport: { width: 1280, height: 1000 },
		deviceScaleFactor: 1.5,
		colorScheme: "light",
	});
	await page.goto(url);
	await page.getByText("Live", { exact: true }).waitFor();
	// It is live before its first numbers are here.
	await page.locator(".uplot").first().waitFor();
	await page.screenshot({ path: file });
	process.stdout.write(`${file}\n`);
} finally {
	await browser.close();
}
