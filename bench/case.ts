/** Measures one case of one contender and prints a line of JSON: `node --expose-gc bench/case.ts <contender> <case> <ms>`. */
import { CASES } from "./cases.ts";
import { CONTENDERS } from "./contender.ts";

const [name, caseName, ms] = process.argv.slice(2);
const contender = CONTENDERS.find((one) => one === name);
const found = CASES.find((one) => one.name === caseName);
if (contender === undefined || found === undefined) {
	const known = `${CONTENDERS.join(", ")} and ${CASES.map((one) => one.name).join(", ")}`;
	throw new Error(`There is no contender "${name}" or no case "${caseName}": choose from ${known}.`);
}
const figure = await found.run(contender, { ms: Number(ms ?? 500) });
console.log(JSON.stringify(figure ?? null));
