/** How many of the smallest unit that we keep, 10⁻¹² USD, make a dollar. */
const PICO = 1e12;
/** Below this many dollars their cents are an integer that a double holds exactly. */
const MOST_IN_CENTS = 90_000_000_000_000;
/** Up to this many dollars all of their 10⁻¹² dollars are an integer that a double holds exactly. */
const MOST_IN_PICO = Math.floor(Number.MAX_SAFE_INTEGER / PICO) - 1;

/**
 * An amount in USD rounded to 10⁻¹² dollars, the one rounding that a call's cost gets. The result is
 * the nearest double; {@link wholeUsd} and {@link picoUsd} take the exact integers out of it again.
 */
export function roundUsd(usd: number): number {
	return toUsd(wholeUsd(usd), picoUsd(usd));
}

/** The double nearest to that many dollars and 10⁻¹² dollars; past $9,006 a neighbour of it at worst. */
function toUsd(whole: number, pico: number): number {
	// Dividing one exact integer rounds once; adding a quotient to the dollars rounds twice.
	return whole <= MOST_IN_PICO ? (whole * PICO + pico) / PICO : whole + pico / PICO;
}

/** The whole dollars of a non-negative amount, after rounding to 10⁻¹² USD. */
export function wholeUsd(usd: number): number {
	const whole = Math.floor(usd);
	return Math.round((usd - whole) * PICO) === PICO ? whole + 1 : whole;
}

/** The rest of a non-negative amount below a dollar, as an integer count of 10⁻¹² USD. */
export function picoUsd(usd: number): number {
	// usd - floor(usd) is exact in binary floating point, so this rounds once.
	const pico = Math.round((usd - Math.floor(usd)) * PICO);
	return pico === PICO ? 0 : pico;
}

/**
 * The exact decimal of `whole` dollars and `pico` 10⁻¹² dollars, in cents: ("0", 2500000000) is "0.25".
 * `pico` may be up to 2⁵³ (sums that were not carried yet).
 */
export function formatCents(whole: number, pico: number): string {
	const carried = Math.floor(pico / PICO);
	const rest = pico - carried * PICO;
	const dollars = whole + carried;
	const below = Math.floor(rest / 1e10);
	// Past 2⁵³ a number would lose cents, and past 10²¹ be written as 1e+21.
	const cents = dollars < MOST_IN_CENTS ? dollars * 100 + below : BigInt(dollars) * 100n + BigInt(below);
	const fraction = rest % 1e10;
	if (fraction === 0) return String(cents);
	return `${cents}.${String(fraction).padStart(10, "0").replace(/0+$/, "")}`;
}

/** A running sum of money that never drifts: dollars and 10⁻¹² dollars in two integers. */
export class MoneySum {
	whole = 0;
	pico = 0;

	/** @param pico 10⁻¹² USD, not negative */
	static ofPico(pico: bigint): MoneySum {
		const sum = new MoneySum();
		sum.whole = Number(pico / BigInt(PICO));
		sum.pico = Number(pico % BigInt(PICO));
		return sum;
	}

	/** Adds a non-negative, finite amount in USD. */
	add(usd: number): void {
		this.#add(wholeUsd(usd), picoUsd(usd));
	}

	/** Adds another sum, exactly. */
	addSum(other: MoneySum): void {
		this.#add(other.whole, other.pico);
	}

	#add(whole: number, pico: number): void {
		this.whole += whole;
		this.pico += pico;
		if (this.pico >= PICO) {
			this.pico -= PICO;
			this.whole += 1;
		}
	}

	/** The sum in USD as the nearest double: for showing and comparing, not for adding up further. */
	get usd(): number {
		return toUsd(this.whole, this.pico);
	}

	/** The exact sum in cents, as a decimal. */
	toCents(): string {
		return formatCents(this.whole, this.pico);
	}
}
