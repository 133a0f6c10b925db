/** The exact decimal, in US dollars, of so many 10⁻¹² dollars: 2500000000n is "0.0025". */
export function formatPico(pico: bigint): string {
	const fraction = String(pico % 1_000_000_000_000n)
		.padStart(12, "0")
		.replace(/0+$/, "");
	const whole = String(pico / 1_000_000_000_000n);
	return fraction === "" ? whole : `${whole}.${fraction}`;
}
