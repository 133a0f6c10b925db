import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Nothing but what the page itself asks for goes out. */
const FLAGS: readonly string[] = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** Starts Debian's Chromium; close it in the end. Fails naming the cure where it is not installed. */
export async function launchChromium(): Promise<Browser> {
	if (!existsSync(CHROMIUM)) throw new Error(`There is no ${CHROMIUM} here: \`npm run setup\` installs it.`);
	return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS] });
}
