import type { SeriesGroup } from "../../series-answer.ts";
import type { BudgetStats, DashboardStats } from "../../stats.ts";
import {
	formatDay,
	formatExact,
	formatExactUsd,
	formatMinute,
	formatPercent,
	formatShare,
	formatUsd,
	NOTHING,
} from "../format.ts";
import { type Bar, Bars } from "./bars.tsx";
import { Card } from "./card.tsx";

interface SpendPanelProps {
	readonly stats: DashboardStats;
	readonly groups: readonly SeriesGroup[];
	/** Of the groups. */
	readonly window: string;
	readonly isFiltered: boolean;
}

/** What today and this month cost, where that leads, and what is left of the budgets. */
export function SpendPanel({ groups, isFiltered, stats, window }: SpendPanelProps) {
	const { budgets, ledger, month, now, todayUsd } = stats;
	const spent = spendOf(groups);
	return (
		<Card id="spend" title="Spend and budgets" window={isFiltered ? "now · all routes and models" : "now"}>
			<dl class="numbers">
				<Amount id="today-value" name="Today" usd={todayUsd} />
				<Amount
					id="month-value"
					name="This month"
					usd={month === null ? null : Number(month.costUsd)}
					exact={month?.costUsd}
				/>
				<Amount id="projected-value" name="Month projected" usd={month?.projectedUsd ?? null} />
			</dl>
			<p class="detail">
				{month === null && ledger === null
					? "No ledger is open: openLedger({ path }) keeps what was spent."
					: `Days and months begin at 0:00 UTC${month?.projectedUsd === null ? "; a projection needs more than a day" : ""}.`}
			</p>
			{budgets.length > 0 ? (
				<ul id="budgets" class="bars budgets">
					{budgets.map((budget) => (
						<Budget key={budget.name} budget={budget} now={now} />
					))}
				</ul>
			) : (
				<p id="budgets-none" class="detail">
					No budget is set.
				</p>
			)}
			<h3>
				Where it went <span class="soft">{window}</span>
			</h3>
			<Bars id="spend-list" bars={spent} most={5} />
			{spent.length === 0 && <p class="detail">Nothing was spent in this time.</p>}
		</Card>
	);
}

function spendOf(groups: readonly SeriesGroup[]): Bar[] {
	return groups
		.filter(({ costUsd }) => costUsd > 0)
		.map(({ costUsd, model, route, share, unpriced, withoutUsage }) => ({
			name: `${route} · ${model}`,
			amount: (unpriced + withoutUsage > 0 ? "≥ " : "") + formatUsd(costUsd),
			note: `${formatShare(share)} %`,
			size: costUsd,
		}));
}

interface AmountProps {
	readonly id: string;
	readonly name: string;
	readonly usd: number | null;
	readonly exact?: string | undefined;
}

function Amount({ exact, id, name, usd }: AmountProps) {
	return (
		<div>
			<dt>{name}</dt>
			<dd id={id} title={exact === undefined ? "" : `exactly ${formatExactUsd(exact)}`}>
				{usd === null ? NOTHING : formatUsd(usd)}
			</dd>
		</div>
	);
}

function Budget({ budget, now }: { readonly budget: BudgetStats; readonly now: number }) {
	const { blockedCalls, blocks, limitUsd, name, resetsAt, spentUsd, window } = budget;
	const share = limitUsd > 0 ? spentUsd / limitUsd : 1;
	const state = share >= 1 ? "exceeded" : share >= 0.8 ? "nearly spent" : "";
	return (
		<li class={state === "" ? "" : "bad"}>
			<span class="name" title={name}>
				{name} <span class="soft">a {window}</span>
			</span>
			<span class="amount">
				{formatUsd(spentUsd)} of {formatUsd(limitUsd)} · {formatPercent(share)} %
			</span>
			<span class="track" aria-hidden="true">
				<span
					class={`fill fill-${state === "" ? 1 : 2}`}
					style={{ width: `${Math.min(100, share * 100)}%` }}
				/>
			</span>
			<span class="soft note">
				{state !== "" && <b>{state} · </b>}
				{blocks ? "blocks calls beyond it" : "warns only"}
				{blockedCalls > 0 && ` · ${formatExact(blockedCalls)} refused`}
				{` · resets ${formatDay(resetsAt)} ${formatMinute(resetsAt)}`}
				{resetsAt < now && " (due)"}
			</span>
		</li>
	);
}
