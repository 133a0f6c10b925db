import { afterEach, describe, expect, test } from "vitest";
import { ask, closeServers, cookieOf, ownAddress, post, QUIET, raw, startServer } from "./asking.ts";

const TOKEN = "correct-horse";
afterEach(closeServers);

async function login(url: string, headers: Record<string, string> = {}): Promise<string> {
	const answer = await post(`${url}/login`, { token: TOKEN }, headers);
	expect(answer.status).toBe(303);
	return cookieOf(answer);
}

describe("a browser", () => {
	test("is sent to a form that needs no script, with the view that it asked for", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		for (const [path, to] of [
			["/", "./login"],
			["/?range=7d&model=gpt-4o", "./login?range=7d&model=gpt-4o"],
			["/?next=//evil.com&%0d%0aSet-Cookie:a=b", "./login?next=//evil.com&%0d%0aSet-Cookie:a=b"],
		] as const) {
			const { headers, status, text } = await ask(url + path);
			expect([path, status, headers["location"], headers["cache-control"], text]).toEqual([
				path,
				303,
				to,
				"no-store",
				"",
			]);
		}
		const form = await ask(`${url}/login`);
		expect([form.status, form.headers["content-type"]]).toEqual([200, "text/html; charset=UTF-8"]);
		expect(form.text).toContain(`<form method="post">`);
		expect(form.text).toContain(`type="password"`);
		expect(form.text).not.toMatch(/<script|<style|style=|\son\w+=/i);
		const style = await ask(`${url}/login.css`);
		expect([style.status, style.headers["content-type"]]).toEqual([200, "text/css; charset=utf-8"]);
	});

	test("logs in with the token, and its cookie opens what the token opens", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		const answer = await post(`${url}/login?range=7d`, { token: TOKEN });
		expect([answer.status, answer.headers["location"]]).toEqual([303, "./?range=7d"]);
		const name = `hyperagent_${new URL(url).port}`;
		const [cookie = ""] = answer.headers["set-cookie"] ?? [];
		expect(cookie).toMatch(
			new RegExp(
				`^${name}=[\\w-]{24}\\.[0-9a-z]+\\.[\\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`,
			),
		);
		expect(cookie).not.toContain(TOKEN);
		const headers = { Cookie: `theme=dark; ${cookieOf(answer)}` };
		for (const path of ["/api/stats", "/api/costs"])
			expect((await ask(url + path, headers)).status).toBe(200);
		expect((await ask(`${url}/nothing`, headers)).status).toBe(404);
		const again = await ask(`${url}/login?range=7d`, headers);
		expect([again.status, again.headers["location"]]).toEqual([303, "./?range=7d"]);
	});

	test("behind TLS gets a cookie for TLS only", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		for (const [said, isSecure] of [
			["https", true],
			["HTTPS, http", true],
			["http", false],
			["http, https", false],
		] as const) {
			const answer = await post(`${url}/login`, { token: TOKEN }, { "X-Forwarded-Proto": said });
			expect(answer.headers["set-cookie"]?.[0]?.endsWith("; SameSite=Strict; Secure")).toBe(isSecure);
		}
	});

	test("logs out: its cookie is taken away, and worth nothing where somebody has kept it", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		const [mine, other] = [await login(url), await login(url)];
		expect((await ask(`${url}/logout`, { Cookie: mine })).status).toBe(405);
		const answer = await post(`${url}/logout`, {}, { Cookie: mine });
		expect([answer.status, answer.headers["location"]]).toEqual([303, "./login"]);
		expect(answer.headers["set-cookie"]?.[0]).toMatch(
			/^hyperagent_\d+=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/,
		);
		expect((await ask(`${url}/api/stats`, { Cookie: mine })).status).toBe(401);
		expect((await ask(`${url}/api/stats`, { Cookie: other })).status).toBe(200);
	});

	test("that follows another site's link keeps its cookie back, and is made to ask again", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		const { headers, status, text } = await ask(`${url}/?range=7d`, { "Sec-Fetch-Site": "cross-site" });
		expect([status, headers["location"]]).toEqual([200, undefined]);
		expect(text).toContain(`<meta http-equiv="refresh" content="0">`);
		expect((await ask(`${url}/?range=7d`, { "Sec-Fetch-Site": "same-origin" })).status).toBe(303);
	});

	test("that comes often stays logged in, and one that does not is logged out", async () => {
		const { url } = await startServer({ authToken: TOKEN, sessionHours: 2 / 3600 });
		const first = await login(url);
		expect((await ask(`${url}/api/stats`, { Cookie: first })).headers["set-cookie"]).toBeUndefined();
		await new Promise((resolve) => setTimeout(resolve, 1300));
		const renewed = await ask(`${url}/api/stats`, { Cookie: first });
		expect([renewed.status, cookieOf(renewed) === "", cookieOf(renewed) === first]).toEqual([
			200,
			false,
			false,
		]);
		await new Promise((resolve) => setTimeout(resolve, 900));
		expect((await ask(`${url}/api/stats`, { Cookie: first })).status).toBe(401);
		expect((await ask(`${url}/api/stats`, { Cookie: cookieOf(renewed) })).status).toBe(200);
	});
});

describe("the form", () => {
	test("comes from our own page, or it is refused", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		const { host } = new URL(url);
		const type = { "Content-Type": "application/x-www-form-urlencoded" };
		const refused: Record<string, string>[] = [
			{},
			{ Origin: "https://evil.example.com" },
			{ Origin: "null" },
			{ Origin: "not a url" },
			{ Origin: `http://${host}.evil.example.com` },
			{ Origin: `http://localhost:${new URL(url).port}` },
			{ Origin: "http://127.0.0.1" },
			{ Origin: `http://${host}`, "Sec-Fetch-Site": "cross-site" },
			{ Origin: `http://${host}`, "Sec-Fetch-Site": "same-site" },
			{ "Sec-Fetch-Site": "none" },
		];
		for (const headers of refused) {
			for (const path of ["/login", "/logout"]) {
				const answer = await ask(url + path, { ...type, ...headers }, "POST", `token=${TOKEN}`);
				expect([headers, path, answer.status, cookieOf(answer)]).toEqual([headers, path, 403, ""]);
			}
		}
		const accepted: Record<string, string>[] = [
			{ Origin: `http://${host}` },
			{ "Sec-Fetch-Site": "same-origin" },
			{ Origin: "https://ops.example.com", "X-Forwarded-Host": "ops.example.com" },
			{ Origin: "https://ops.example.com", Host: "OPS.example.com:443" },
		];
		for (const headers of accepted) {
			const answer = await ask(`${url}/login`, { ...type, ...headers }, "POST", `token=${TOKEN}`);
			expect([headers, answer.status]).toEqual([headers, 303]);
		}
	});

	test.each([
		["", 400],
		["token=", 400],
		["token=a&token=correct-horse", 400],
		["token=correct-horse&x=1", 400],
		["password=correct-horse", 400],
		["token=correct-horse%00", 401],
		["token=+correct-horse", 401],
		["token=Correct-horse", 401],
		["token=<script>alert(1)</script>", 401],
	])("with %j is answered with %i, and no cookie", async (body, status) => {
		const { url } = await startServer({ authToken: TOKEN });
		const headers = { "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin" };
		const answer = await ask(`${url}/login`, headers, "POST", body);
		expect([answer.status, cookieOf(answer)]).toEqual([status, ""]);
		expect(answer.text).not.toMatch(/alert\(1\)|correct-horse/);
	});

	test("is 4 KiB of one type at most, and what is more is not read", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		const headers = { "Sec-Fetch-Site": "same-origin" };
		const type = { ...headers, "Content-Type": "application/x-www-form-urlencoded" };
		const large = `token=${"x".repeat(4090)}`;
		expect((await ask(`${url}/login`, type, "POST", large)).status).toBe(401);
		const { headers: answered, status } = await ask(`${url}/login`, type, "POST", `${large}x`);
		expect([status, answered["connection"]]).toEqual([413, "close"]);
		for (const one of ["application/json", "multipart/form-data; boundary=a", "text/plain", ""]) {
			const answer = await ask(`${url}/login`, { ...headers, "Content-Type": one }, "POST", `token=${TOKEN}`);
			expect([one, answer.status]).toEqual([one, 415]);
		}
		const gzipped = await ask(`${url}/login`, { ...type, "Content-Encoding": "gzip" }, "POST", "x");
		expect(gzipped.status).toBe(415);
		// Chunks whose sum nobody has announced.
		const head = `POST /login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n`;
		const chunk = `400\r\n${"x".repeat(1024)}\r\n`;
		const { socket, text } = await raw(url, head);
		const sending = setInterval(() => socket.write(chunk), 1);
		expect(await text).toMatch(/^HTTP\/1\.1 413 /);
		clearInterval(sending);
	});
});

describe("wrong tokens", () => {
	test("a thousand at the form take little time and memory, and who has a session notices nothing", async () => {
		const { url } = await startServer({ authToken: TOKEN });
		const cookie = await login(url);
		global.gc?.();
		const before = process.memoryUsage();
		const started = performance.now();
		const statuses = new Map<number, number>();
		for (let i = 0; i < 1000; i += 20) {
			const answers = await Promise.all(
				Array.from({ length: 20 }, (_, j) => post(`${url}/login`, { token: `wrong-${i + j}` })),
			);
			for (const { headers, status } of answers) {
				statuses.set(status, (statuses.get(status) ?? 0) + 1);
				const wait = Number(headers["retry-after"] ?? 60);
				expect(wait >= 1 && wait <= 60).toBe(true);
			}
			expect((await ask(`${url}/api/stats`, { Cookie: cookie })).status).toBe(200);
		}
		expect(Object.fromEntries(statuses)).toEqual({ 401: 10, 429: 990 });
		expect(performance.now() - started).toBeLessThan(15_000);
		global.gc?.();
		expect(process.memoryUsage().rss - before.rss).toBeLessThan(150_000_000);
		// The right one is not looked at either, or waiting would slow nobody down.
		const late = await post(`${url}/login`, { token: TOKEN });
		expect([late.status, cookieOf(late)]).toEqual([429, ""]);
		expect(late.text).toContain("Wait a minute");
	}, 30_000);

	test("of programs are throttled too, and those of a proxy do not lock out its machine", async () => {
		const warned: string[] = [];
		const logger = { ...QUIET, warn: (line: string) => warned.push(line) };
		const { url } = await startServer({ authToken: TOKEN, logger });
		const statuses: number[] = [];
		for (let i = 0; i < 15; i += 1) {
			const headers = { Authorization: `Bearer wrong-${i}`, "X-Forwarded-For": `192.0.2.${i}` };
			statuses.push((await ask(`${url}/api/stats`, headers)).status);
		}
		expect(statuses).toEqual([...Array(10).fill(401), ...Array(5).fill(429)]);
		expect(warned).toEqual([expect.stringMatching(/ten wrong tokens came from 127\.0\.0\.1 proxied/)]);
		const right = { Authorization: `Bearer ${TOKEN}` };
		const proxied = await ask(`${url}/api/stats`, { ...right, "X-Forwarded-For": "192.0.2.99" });
		expect([proxied.status, Number(proxied.headers["retry-after"]) > 0]).toEqual([429, true]);
		expect((await ask(`${url}/api/stats`, right)).status).toBe(200);
		expect((await post(`${url}/login`, { token: TOKEN })).status).toBe(303);
		for (const path of ["/metrics", "/health", "/ready"]) expect((await ask(url + path)).status).toBe(200);
	});

	test("from another address do not lock out this machine", async ({ skip }) => {
		if (ownAddress === undefined) skip("this machine has no address but loopback");
		const { url } = await startServer({ authToken: TOKEN }, "0.0.0.0:0");
		const elsewhere = url.replace("127.0.0.1", ownAddress ?? "");
		for (let i = 0; i < 12; i += 1) await post(`${elsewhere}/login`, { token: `wrong-${i}` });
		expect((await post(`${elsewhere}/login`, { token: TOKEN })).status).toBe(429);
		expect((await post(`${url}/login`, { token: TOKEN })).status).toBe(303);
	});
});

test("without a token there is nothing to log in to", async () => {
	const { url } = await startServer();
	for (const path of ["/login", "/login.css", "/logout"]) expect((await ask(url + path)).status).toBe(404);
	expect((await post(`${url}/login`, { token: "" })).status).toBe(404);
});
