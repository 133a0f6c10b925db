import { describe, expect, test } from "vitest";
import {
	DEFAULT_ADDRESS,
	formatAddress,
	listenError,
	parseListenAddress,
	urlOf,
} from "../../src/dashboard/listen-address.ts";

describe("parseListenAddress", () => {
	test.each([
		[DEFAULT_ADDRESS, "127.0.0.1", 8080],
		["0.0.0.0:8080", "0.0.0.0", 8080],
		["127.0.0.1:0", "127.0.0.1", 0],
		["localhost:65535", "localhost", 65_535],
		["my-host.example.com:80", "my-host.example.com", 80],
		["[::1]:8080", "::1", 8080],
		["[::]:9", "::", 9],
		["[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1],
		[":8080", "127.0.0.1", 8080],
		["8080", "127.0.0.1", 8080],
		[" 127.0.0.1:8080\n", "127.0.0.1", 8080],
	])("%j is host %s, port %i", (address, host, port) => {
		expect(parseListenAddress(address)).toEqual({ host, port });
	});

	test.each([
		"",
		"nowhere",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:http",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:80.5",
		"127.0.0.1:0x50",
		"256.0.0.1:80",
		"127.1:80",
		"[::1]",
		"[::1]8080",
		"[::zz]:80",
		"[]:80",
		"::1",
		"a b:80",
		"http://localhost:80",
		"-host:80",
		"host/path:80",
		undefined,
		null,
		8080,
	])("%j is refused in one line that shows it", (address) => {
		const shown = JSON.stringify(address) ?? "undefined";
		const problem = expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining(shown) });
		expect(() => parseListenAddress(address)).toThrow(problem);
		expect(() => parseListenAddress(address)).not.toThrow(/\n/);
	});

	test.each([8080n, Symbol("x"), { port: 8080 }, circle(), () => 8080, Object.create(null)])(
		"what JSON cannot say is refused in one line as well (%#)",
		(address) => {
			expect(() => parseListenAddress(address)).toThrow(
				expect.objectContaining({ code: "BAD_OPTION", message: expect.not.stringContaining("\n") }),
			);
		},
	);

	test("a zone is refused: no URL can hold it", () => {
		expect(() => parseListenAddress("[fe80::1%eth0]:80")).toThrow("An address with a zone (%) has no URL");
	});

	test("an IPv6 address without brackets is told about them", () => {
		expect(() => parseListenAddress("fe80::1")).toThrow('Put an IPv6 address in brackets: "[fe80::1]:8080".');
	});
});

function circle(): object {
	const made: { self?: object } = {};
	return Object.assign(made, { self: made });
}

test("formatAddress and urlOf bracket IPv6, and the URL of a wildcard leads to this machine", () => {
	expect(formatAddress({ host: "::1", port: 80 })).toBe("[::1]:80");
	expect(formatAddress({ host: "10.0.0.1", port: 80 })).toBe("10.0.0.1:80");
	expect(urlOf({ host: "10.0.0.1", port: 8080 })).toBe("http://10.0.0.1:8080");
	expect(urlOf({ host: "0.0.0.0", port: 8080 })).toBe("http://127.0.0.1:8080");
	expect(urlOf({ host: "::", port: 8080 })).toBe("http://[::1]:8080");
});

test.each([
	["EADDRINUSE", /another port/],
	["EACCES", /1024/],
	["EADDRNOTAVAIL", /0\.0\.0\.0/],
	["ENOTFOUND", /IP address/],
	["EMFILE", /EMFILE/],
])("a failed listen names the address and the cure: %s", (code, cure) => {
	const cause = Object.assign(new Error("listen"), { code });
	const error = listenError({ host: "10.0.0.1", port: 80 }, cause);
	expect(error.code).toBe("LISTEN_FAILED");
	expect(error.message).toContain("10.0.0.1:80");
	expect(error.message).toMatch(cure);
	expect(error.cause).toBe(cause);
});
