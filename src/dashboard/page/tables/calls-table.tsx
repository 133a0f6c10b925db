import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CallView } from "../../calls-answer.ts";
import {
	formatCount,
	formatDuration,
	formatExact,
	formatExactUsd,
	formatMoment,
	NOTHING,
} from "../format.ts";
import { memo } from "../memo.ts";
import { serverNow } from "../state/server-clock.ts";
import { type CallsChoice, useCalls } from "../state/use-calls.ts";
import { focusLater } from "../state/use-kept-focus.ts";
import { useIsSeen } from "../state/use-is-seen.ts";
import { useSteady } from "../state/use-steady.ts";
import { stretchOf, type View, viewSearch } from "../state/view.ts";
import { windowOf } from "../state/window-of.ts";
import { CallDetail } from "./call-detail.tsx";

interface CallsTableProps {
	readonly view: View;
	readonly callsVersion: string;
	readonly paceMs: number;
}

const ORDERS = ["latest", "dearest"] as const;
const OUTCOMES = ["success", "error", "aborted", "abandoned"] as const;
const COLUMN_COUNT = 9;
const idOf = ({ id }: CallView): string => id;

/** Single calls: the latest or the dearest; a row opens what its cost is made of. */
export const CallsTable = memo(function CallsTable({ callsVersion, paceMs, view }: CallsTableProps) {
	const [choice, setChoice] = useState<CallsChoice>({ order: "latest", outcome: "" });
	const [open, setOpen] = useState("");
	const place = useRef<HTMLElement>(null);
	// What is open is of the view that one has left.
	useEffect(() => setOpen(""), [viewSearch(view)]);
	const [isInside, setIsInside] = useState(false);
	const isLooking = useIsSeen(place);
	const isReading = open !== "" || isInside;
	const page = useCalls(view, choice, callsVersion, paceMs, { isReading, isLooking });
	const calls = useSteady(page.calls, idOf);
	const calledIn = page.view ?? view;
	const choose = (change: Partial<CallsChoice>): void => {
		setOpen("");
		setChoice({ ...choice, ...change });
	};
	const refresh = (): void => {
		setOpen("");
		page.refresh();
		focusLater(`#calls [aria-pressed="true"]`);
	};
	const more = (): void => {
		const row = calls.length + 1;
		// The button may be gone then, and what one wants to read is above it.
		void page.more().then(() => focusLater(`#calls-body tr:nth-child(${row} of .row) button`));
	};
	return (
		<section
			id="calls"
			class={page.isLoaded ? "card wide" : "card wide is-old"}
			aria-labelledby="calls-title"
			aria-busy={!page.isLoaded}
			ref={place}
		>
			<div class="heading">
				<h2 id="calls-title">Calls</h2>
				<div class="choices">
					<div class="segments" role="group" aria-label="Order">
						{ORDERS.map((order) => (
							<button
								key={order}
								type="button"
								aria-pressed={choice.order === order}
								onClick={() => choose({ order })}
							>
								{order === "latest" ? "Latest" : "Dearest"}
							</button>
						))}
					</div>
					<label>
						Outcome{" "}
						<select
							id="calls-outcome"
							value={choice.outcome}
							onChange={(event) => choose({ outcome: event.currentTarget.value })}
						>
							<option value="">all</option>
							{OUTCOMES.map((outcome) => (
								<option key={outcome}>{outcome}</option>
							))}
						</select>
					</label>
					{page.isPaused && (
						<button type="button" id="calls-refresh" class="more" onClick={refresh}>
							Paused while you read: show what is new
						</button>
					)}
				</div>
				<p class="window">{windowOf(calledIn, stretchOf(calledIn, serverNow()))}</p>
			</div>
			<div class="scroll" role="region" aria-label="Table of calls" tabIndex={0}>
				<table>
					<thead>
						<tr>
							<th scope="col">Started</th>
							<th scope="col">Route</th>
							<th scope="col">Model</th>
							<th scope="col">Outcome</th>
							<th scope="col" class="number">
								Cost (USD)
							</th>
							<th scope="col" class="number">
								Input
							</th>
							<th scope="col" class="number">
								Output
							</th>
							<th scope="col" class="number">
								Latency
							</th>
							<th scope="col" class="number">
								First token
							</th>
						</tr>
					</thead>
					<tbody
						id="calls-body"
						onFocusIn={({ target }) =>
							// A click leaves the focus behind, and means nothing by it.
							setIsInside(target instanceof Element && target.matches(":focus-visible"))
						}
						onFocusOut={({ currentTarget, relatedTarget }) =>
							setIsInside(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))
						}
					>
						{calls.map((call) => (
							<Fragment key={call.id}>
								<CallRow call={call} isOpen={open === call.id} onToggle={setOpen} />
								{open === call.id && (
									<tr class="opened">
										<td colSpan={COLUMN_COUNT} id="call-detail">
											<CallDetail call={call} />
										</td>
									</tr>
								)}
							</Fragment>
						))}
					</tbody>
				</table>
			</div>
			{page.isLoaded && page.calls.length === 0 && <p class="detail">No calls in this time.</p>}
			{page.isFull && (
				<p id="calls-full" class="detail">
					The first {formatExact(calls.length)}: a shorter time or a filter shows others.
				</p>
			)}
			{page.problem !== "" && <p class="detail bad">{page.problem}</p>}
			{page.hasMore && (
				<button type="button" id="calls-more" class="more" onClick={more}>
					Show more
				</button>
			)}
		</section>
	);
});

interface CallRowProps {
	readonly call: CallView;
	readonly isOpen: boolean;
	readonly onToggle: (id: string) => void;
}

const CallRow = memo(function CallRow({ call, isOpen, onToggle }: CallRowProps) {
	const toggle = (): void => onToggle(isOpen ? "" : call.id);
	return (
		// The button in it is what the keyboard reaches; the row is a larger target for the mouse.
		<tr class={isOpen ? "row isopen" : "row"} onClick={toggle}>
			<th scope="row">
				<button
					type="button"
					class="opener"
					aria-expanded={isOpen}
					aria-controls={isOpen ? "call-detail" : undefined}
					onClick={(event) => {
						event.stopPropagation();
						toggle();
					}}
				>
					<span class="arrow" aria-hidden="true">
						{isOpen ? "▾" : "▸"}
					</span>{" "}
					{formatMoment(call.at, Date.now())}
				</button>
			</th>
			<td class="name-cell" title={call.route}>
				{call.route}
			</td>
			<td class="name-cell" title={call.model}>
				{call.model}
			</td>
			<td class={call.outcome === "error" ? "bad" : ""}>{outcomeOf(call)}</td>
			<td class="number">{costOf(call)}</td>
			<td class="number">{tokensOf(call.inputTokens, call)}</td>
			<td class="number">{tokensOf(call.outputTokens, call)}</td>
			<td class="number">{formatDuration(call.latencyMs)}</td>
			<td class="number">{formatDuration(call.firstTokenMs)}</td>
		</tr>
	);
});

function outcomeOf({ errorType, outcome, source }: CallView): string {
	if (source === "manual") return "by hand";
	return errorType === null ? (outcome ?? NOTHING) : `${outcome}: ${errorType}`;
}

/** Never a silent $0: what is missing shows. */
function costOf({ costUsd, unpriced, usageMissing }: CallView): string {
	if (costUsd === null) return unpriced !== null ? "unpriced" : usageMissing !== null ? "no usage" : NOTHING;
	return unpriced === null && usageMissing === null
		? formatExactUsd(costUsd)
		: `≥ ${formatExactUsd(costUsd)}`;
}

function tokensOf(count: number | null, { usageMissing }: CallView): string {
	if (count === null) return usageMissing === null ? NOTHING : "not known";
	return usageMissing === null ? formatCount(count) : `≥ ${formatCount(count)}`;
}
