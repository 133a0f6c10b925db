/* How numbers are written. All of it takes plain values, so that it can be tested without a browser. */

/** What stands where there is nothing to compute a number from. */
export const NOTHING = "–";

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat("en-US", {
	notation: "compact",
	minimumSignificantDigits: 3,
	maximumSignificantDigits: 3,
});
const AXIS = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });
const DOLLARS = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const CENTS = new Intl.NumberFormat("en-US", {
	style: "currency",
	currency: "USD",
	minimumSignificantDigits: 2,
	maximumSignificantDigits: 3,
});
const SMALL_DOLLARS = new Intl.NumberFormat("en-US", {
	style: "currency",
	currency: "USD",
	maximumSignificantDigits: 3,
});
const SHORT = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** "1,234", and from 100,000 on "1.24M". */
export function formatCount(count: number): string {
	return (count < 100_000 ? GROUPED : COMPACT).format(count);
}

/** Every digit: "1,240,312". */
export function formatExact(count: number): string {
	return GROUPED.format(count);
}

/** "$12.34"; below a dollar as many digits as it takes to say something: "$0.0025". */
export function formatUsd(usd: number): string {
	if (usd === 0 || usd >= 0.995) return DOLLARS.format(usd);
	return (usd >= 0.1 ? CENTS : SMALL_DOLLARS).format(usd);
}

/** A duration in the unit that suits it: ["850", "ms"], ["1.25", "s"], ["2.5", "min"]. */
export function splitDuration(ms: number): readonly [amount: string, unit: string] {
	if (ms < 999.5) return [SHORT.format(ms), "ms"];
	if (ms < 59_970) return [SHORT.format(ms / 1000), "s"];
	return [SHORT.format(ms / 60_000), "min"];
}

/** The same in one string; a dash for none. */
export function formatDuration(ms: number | null): string {
	return ms === null ? NOTHING : splitDuration(ms).join(" ");
}

/** A share of 1 in percent, without the sign: "62.5". What is not all of it is never "100". */
export function formatPercent(share: number | null): string {
	if (share === null) return NOTHING;
	const percent = share * 100;
	return isAlmostAll(percent) ? ">99.9" : SHORT.format(percent);
}

/** The same with the sign: "62.5 %". */
export function formatPercentSign(share: number | null): string {
	return share === null ? NOTHING : `${formatPercent(share)} %`;
}

/** The same with one decimal, so that a column of them is in line: "62.5", "<0.1". */
export function formatShare(share: number): string {
	const percent = share * 100;
	if (percent > 0 && percent < 0.05) return "<0.1";
	return isAlmostAll(percent) ? ">99.9" : percent.toFixed(1);
}

/** Whether it would be rounded to what it is not. */
function isAlmostAll(percent: number): boolean {
	return percent < 100 && percent >= 99.95;
}

/** "0.05" */
export function formatRate(perSecond: number): string {
	return SHORT.format(perSecond);
}

const PACES = [
	["s", 1],
	["min", 60],
	["h", 3600],
] as const;

/** How often something was, in the unit in which one can tell: "2.5/s", "12/min", "3.4/h", "0.27/d". */
export function formatPace(count: number, seconds: number): string {
	if (count === 0) return "0/s";
	const pace = PACES.find(([, length]) => (count * length) / seconds >= 0.995);
	const [unit, length] = pace ?? ["d", 86_400];
	return `${SHORT.format((count * length) / seconds)}/${unit}`;
}

/** What stands at an axis of counts: nothing between whole numbers, and no more than there is room for. */
export function formatAxisCount(count: number): string {
	if (!Number.isInteger(count)) return "";
	return count < 100_000 ? GROUPED.format(count) : AXIS.format(count);
}

/** The same of amounts: "$0.50", "$1.2M". */
export function formatAxisUsd(usd: number): string {
	return usd < 10_000 ? formatUsd(usd) : `$${AXIS.format(usd)}`;
}

/** "14:02:05" in the viewer's zone. */
export function formatTime(ms: number): string {
	return new Date(ms).toLocaleTimeString("en-GB");
}

/** "since 14:02", with the day where it is not today. */
export function formatSince(ms: number, now: number): string {
	const date = new Date(ms);
	const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
	if (date.toDateString() === new Date(now).toDateString()) return `since ${time}`;
	return `since ${formatDate(ms, now)} ${time}`;
}

/** "last 5 min", "last 42 s": a window ends between two readings, five seconds short at most. */
export function formatWindow(seconds: number): string {
	if (seconds >= 115) return `last ${Math.round((seconds + 2.5) / 60)} min`;
	return seconds >= 55 && seconds <= 60 ? "last minute" : `last ${Math.max(1, Math.round(seconds))} s`;
}

/** "1 call", "3 calls". */
export function formatCalls(count: number): string {
	return `${formatExact(count)} ${count === 1 ? "call" : "calls"}`;
}

/** "1 request", "3 requests": calls, and what is asked of APIs that are not metered. */
export function formatRequests(count: number): string {
	return `${formatExact(count)} ${count === 1 ? "request" : "requests"}`;
}

/** "1 error", "3 errors". */
export function formatErrors(count: number): string {
	return `${formatExact(count)} ${count === 1 ? "error" : "errors"}`;
}

/** An exact decimal as it is, with two decimals at least: "1234.5" is "$1,234.50", "0.0000025" "$0.0000025". */
export function formatExactUsd(decimal: string): string {
	const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? [];
	if (whole === "") return decimal;
	const digits = fraction.replace(/0+$/, "").padEnd(2, "0");
	return `${sign}$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${digits}`;
}

/** "14:02:05" of today, else "24 Nov 14:02:05", and "24 Nov 2025 14:02:05" of another year. */
export function formatMoment(ms: number, now: number): string {
	const isToday = new Date(ms).toDateString() === new Date(now).toDateString();
	return isToday ? formatTime(ms) : `${formatDate(ms, now)} ${formatTime(ms)}`;
}

/** "14:02:05 to 14:02:15"; with the day where that is not today, and with both where they are two. */
export function formatStretch(since: number, until: number, now: number): string {
	const isOneDay = new Date(since).toDateString() === new Date(until).toDateString();
	if (isOneDay) return `${formatMoment(since, now)} to ${formatTime(until)}`;
	const [start, end] = [since, until].map((ms) => `${formatDate(ms, now)} ${formatTime(ms)}`);
	return `${start} to ${end}`;
}

/** "24 Nov", with the year where it is not this one. */
function formatDate(ms: number, now: number): string {
	const year = new Date(ms).getFullYear();
	return year === new Date(now).getFullYear() ? formatDay(ms) : `${formatDay(ms)} ${year}`;
}

/** "24 Nov" */
export function formatDay(ms: number): string {
	return new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/** "14:02" */
export function formatMinute(ms: number): string {
	return new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "10 s", "5 min", "2 h", "1 d": how long a step is. */
export function formatStep(seconds: number): string {
	if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
	if (seconds % 3600 === 0) return `${seconds / 3600} h`;
	return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** "Europe/Berlin, UTC+1", of the viewer; "Europe/Berlin, UTC+2, then UTC+1" where the clocks change between the two. */
export function formatZone(since: number, until: number): string {
	const name = new Intl.DateTimeFormat().resolvedOptions().timeZone;
	const [first, last] = [offsetOf(since), offsetOf(until)];
	if (first !== last) return `${name}, ${first}, then ${last}`;
	return name === "UTC" ? name : `${name}, ${first}`;
}

/** "UTC+5:30" */
function offsetOf(ms: number): string {
	const minutes = -new Date(ms).getTimezoneOffset();
	if (minutes === 0) return "UTC";
	const hours = Math.trunc(Math.abs(minutes) / 60);
	const rest = Math.abs(minutes) % 60;
	return `UTC${minutes < 0 ? "−" : "+"}${hours}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}
