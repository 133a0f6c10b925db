import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What takes minutes or needs a build, a service, the package registry or a quiet machine runs only in `npm test`, after the rest and alone. */
const slow = [
	"test/contract/**",
	"test/tooling/**",
	"test/e2e/**",
	"test/package/**",
	"test/gates/**",
] as const;

const config: ViteUserConfig = defineConfig({
	test: {
		projects: [
			{
				test: {
					name: "unit",
					include: ["test/**/*.test.ts"],
					exclude: [...slow],
					sequence: { groupOrder: 0 },
				},
			},
			...slow.map((folder, index) => ({
				test: {
					name: folder.split("/")[1] ?? folder,
					include: [`${folder}/*.test.ts`],
					testTimeout: 120_000,
					hookTimeout: 300_000,
					maxWorkers: 1,
					sequence: { groupOrder: index + 1 },
				},
			})),
		],
	},
});

export default config;
