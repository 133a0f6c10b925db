/** top/: what stands above the panels. This file: whose page it is, and how fresh its numbers are. */
import { formatTime, formatZone } from "../format.ts";

interface HeaderProps {
	readonly shownAt: number | undefined;
	/** Why the numbers are not fresh; "" where they are. */
	readonly problem: string;
	/** Which times are shown below, once there are any. */
	readonly since: number | undefined;
	readonly until: number | undefined;
}

/** The state is a live region: it is read out when it changes, and the time of the last numbers is no part of it. */
export function Header({ problem, shownAt, since, until }: HeaderProps) {
	const state = problem === "" ? (shownAt === undefined ? "connecting" : "live") : "stale";
	return (
		<header class="top">
			<h1>
				<Mark /> HyperAgent
			</h1>
			<p class="zone">Times in {formatZone(since ?? Date.now(), until ?? Date.now())}</p>
			<p id="status" class={`status ${state}`}>
				<span id="state" role="status">
					{stateText(state, shownAt, problem)}
				</span>{" "}
				{state === "live" && shownAt !== undefined && <span id="updated">{formatTime(shownAt)}</span>}
			</p>
		</header>
	);
}

function stateText(state: string, shownAt: number | undefined, problem: string): string {
	if (state === "connecting") return "Connecting";
	if (state === "live") return "Live";
	return `${shownAt === undefined ? "No numbers yet" : `Stale since ${formatTime(shownAt)}`}: ${problem}`;
}

function Mark() {
	return (
		<svg class="mark" width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
			<rect width="32" height="32" rx="7" />
			<path d="M6 17h5l3-8 4.5 14 3-6H26" />
		</svg>
	);
}
