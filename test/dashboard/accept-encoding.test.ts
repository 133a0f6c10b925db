import { expect, test } from "vitest";
import { acceptsGzip } from "../../src/dashboard/accept-encoding.ts";

// By RFC 9110, sections 12.4.2 (weights) and 12.5.3 (Accept-Encoding).
test.each([
	["gzip", true],
	["GZIP", true],
	["x-gzip", true],
	["gzip, deflate, br, zstd", true],
	["deflate;q=0.5, gzip;q=0.8", true],
	["*", true],
	["br, *;q=0.1", true],
	["gzip;q=0.001", true],
	["gzip ; q=1.000", true],
	["identity;q=0.5, gzip", true],
	[undefined, false],
	["", false],
	["identity", false],
	["br", false],
	["gzip;q=0", false],
	["gzip;q=0.000", false],
	["*;q=0", false],
	["gzip;q=0, *", false],
	["identity, gzip;q=0.5", false],
	["gzip;q=", false],
	["gzip;q=high", false],
	["gzip;q=2", false],
	["gzip;q=-1", false],
	["notgzip", false],
])("%j asks for gzip: %s", (header, asks) => {
	expect(acceptsGzip(header)).toBe(asks);
});
