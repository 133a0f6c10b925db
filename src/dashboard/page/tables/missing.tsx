import type { SeriesGroup } from "../../series-answer.ts";
import type { DashboardStats, ReasonCount } from "../../stats.ts";
import { Bars } from "../panels/bars.tsx";
import { formatCalls, formatExact, formatRequests } from "../format.ts";
import { type Filters, matches } from "../state/view.ts";
import { fixOf } from "./fixes.ts";

interface MissingProps {
	readonly stats: DashboardStats;
	readonly groups: readonly SeriesGroup[];
	readonly filters: Filters;
	readonly window: string;
	/** "since 14:02" */
	readonly since: string;
}

/** What is not in the numbers, and how to get it there; nothing where nothing is missing. */
export function Missing({ filters, groups, since, stats, window }: MissingProps) {
	const unpriced = groups.filter((group) => group.unpriced > 0);
	const usageMissing = groups.filter(({ withoutUsage }) => withoutUsage > 0);
	const { internalErrors, ledger } = stats;
	// Reasons are known of this process only, by route and model; they say nothing of a time in which nothing is missing.
	const reasons = [
		...(unpriced.length > 0 ? byReason(stats.unpriced, filters) : []),
		...(usageMissing.length > 0 ? byReason(stats.usageMissing, filters) : []),
	];
	const isLedgerIll = ledger !== null && (!ledger.writable || ledger.lostRows > 0);
	if (unpriced.length + usageMissing.length + reasons.length + internalErrors === 0 && !isLedgerIll)
		return null;
	return (
		<section id="missing" class="card wide" aria-labelledby="missing-title">
			<div class="heading">
				<h2 id="missing-title">Missing from these numbers</h2>
				<p class="window">
					{window} · reasons of this process, {since}
					{filters.provider !== undefined && ", all providers"}
				</p>
			</div>
			<div id="missing-list">
				<Groups id="unpriced-list" groups={unpriced} count={countUnpriced} title={unpricedTitle} />
				<Groups id="usage-list" groups={usageMissing} count={countUsage} title={usageTitle} />
				{reasons.map((counts) => (
					<Reason key={counts[0]?.reason} counts={counts} />
				))}
				{internalErrors > 0 && (
					<div id="internal-errors">
						<h3>
							{formatExact(internalErrors)} {internalErrors === 1 ? "value" : "values"} refused by the
							recorder
						</h3>
						<p class="detail">
							Something was NaN, negative, or without a name, or observing failed.{" "}
							{"initPrometheus({ onError: console.error })"} tells what; no call was harmed. Of this process,{" "}
							{since}, all routes and models.
						</p>
					</div>
				)}
				{isLedgerIll && (
					<div id="ledger-ill">
						<h3>The ledger cannot be written</h3>
						<p class="detail">
							{formatExact(ledger.pendingRows)} rows wait beside it, {formatExact(ledger.lostRows)} are lost.
							Free its disk or its lock; /ready says the same.
						</p>
					</div>
				)}
			</div>
		</section>
	);
}

const countUnpriced = ({ unpriced }: SeriesGroup): number => unpriced;
const countUsage = ({ withoutUsage }: SeriesGroup): number => withoutUsage;
const unpricedTitle = (count: number): string => `${formatRequests(count)} without a known price`;
const usageTitle = (count: number): string => `${formatCalls(count)} without usage`;

interface GroupsProps {
	readonly id: string;
	readonly title: (count: number) => string;
	readonly groups: readonly SeriesGroup[];
	readonly count: (group: SeriesGroup) => number;
}

function Groups({ count, groups, id, title }: GroupsProps) {
	if (groups.length === 0) return null;
	const total = groups.reduce((sum, group) => sum + count(group), 0);
	const bars = groups
		.map((group) => ({ name: `${group.route} · ${group.model}`, size: count(group) }))
		.toSorted((a, b) => b.size - a.size)
		.map(({ name, size }) => ({ name, size, amount: formatExact(size), hue: 2 as const }));
	return (
		<div>
			<h3>{title(total)}</h3>
			<Bars id={id} bars={bars} most={5} />
		</div>
	);
}

function Reason({ counts }: { readonly counts: readonly ReasonCount[] }) {
	const reason = counts[0]?.reason ?? "";
	const total = counts.reduce((sum, { count }) => sum + count, 0);
	return (
		<div class="reason">
			<h3>
				<code>{reason}</code> {formatRequests(total)}
			</h3>
			<p class="detail">{fixOf(reason)}</p>
			<p class="detail soft">
				{counts
					.slice(0, 5)
					.map(({ count, model, route }) => `${route} · ${model}: ${formatExact(count)}`)
					.join(", ")}
				{counts.length > 5 && ` and ${counts.length - 5} more`}
			</p>
		</div>
	);
}

function byReason(counts: readonly ReasonCount[], filters: Filters): (readonly ReasonCount[])[] {
	const { model, route } = filters;
	const labels = { ...(route !== undefined && { route }), ...(model !== undefined && { model }) };
	const mine = counts.filter((count) => matches(labels, count));
	return [...new Set(mine.map(({ reason }) => reason))].map((reason) =>
		mine.filter((count) => count.reason === reason),
	);
}
