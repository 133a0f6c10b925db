import { expect, test, vi } from "vitest";
import { requireBinary } from "./services.ts";

test("a test that lacks its program fails, and says what to do", () => {
	vi.stubEnv("PATH", import.meta.dirname);
	expect(() => requireBinary("prometheus")).toThrow(/prometheus.*npm run setup/);
	vi.unstubAllEnvs();
});
