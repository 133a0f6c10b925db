/** The oldest Node.js that this package runs on: the first 22 in which `require()` of ESM is quiet. */
export const MINIMUM_NODE = "22.13.0";

/**
 * One clear sentence when `version` ("20.20.2") is older than {@link MINIMUM_NODE}; `undefined` when it
 * will do.
 */
export function nodeVersionProblem(version: string): string | undefined {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	if (major > 22 || (major === 22 && minor >= 13)) return undefined;
	return `@hyperagent/observe needs Node.js ${MINIMUM_NODE} or newer and this is ${version}: install a current Node.js (22, 24 or later) and start again.`;
}
