/** dashboard/page/: what runs in the browser. It shows what `/api/stats` says, and when that was. */
import type { DashboardStats } from "../stats.ts";
import { byId, setText } from "./element.ts";
import { formatCalls, formatExact, formatTime } from "./format.ts";
import { showMissing } from "./missing.ts";
import { showPairs } from "./pair-table.ts";
import { showPanels } from "./panels.ts";
import { StatsPoller } from "./stats-poller.ts";

let shownAt: number | undefined;

new StatsPoller(
	(stats) => {
		show(stats);
		shownAt = Date.now();
		setStatus("live", "Live", formatTime(shownAt));
	},
	(reason) => {
		const since = shownAt === undefined ? "No numbers yet" : `Stale since ${formatTime(shownAt)}`;
		setStatus("stale", `${since}: ${reason}`, "");
	},
).start();

function show(stats: DashboardStats): void {
	setText("notice", stats.notice ?? "");
	byId("first-call").hidden = hasCalls(stats);
	showCalls(stats);
	showPanels(stats);
	showMissing(stats);
	showPairs(stats);
	setText("version", `HyperAgent ${stats.version}`);
}

function hasCalls({ active, cache, latency, pairs }: DashboardStats): boolean {
	return pairs.length > 0 || latency.total.count > 0 || active.total > 0 || cache.total.rate !== null;
}

function showCalls({ requests }: DashboardStats): void {
	const { abandoned, aborted, error, success } = requests;
	const parts = [
		[error, "failed"],
		[aborted, "aborted"],
		[abandoned, "abandoned"],
	] as const;
	const named = parts.filter(([count]) => count > 0).map(([count, name]) => `${formatExact(count)} ${name}`);
	const total = success + error + aborted + abandoned;
	setText("calls", total === 0 ? "" : [formatCalls(total), ...named].join(" · "));
}

/** The state is a live region: it is read out when it changes, and the time every two seconds is not a part of it. */
function setStatus(state: "live" | "stale", text: string, updated: string): void {
	byId("status").className = `status ${state}`;
	setText("state", text);
	setText("updated", updated);
	document.body.classList.toggle("stale", state === "stale");
}
