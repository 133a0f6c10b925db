import { useMemo, useRef, useState } from "preact/hooks";
import type { SeriesGroup } from "../../series-answer.ts";
import { Spark } from "../charts/spark.tsx";
import {
	formatCount,
	formatDuration,
	formatExact,
	formatExactUsd,
	formatPercent,
	formatShare,
	formatUsd,
	NOTHING,
} from "../format.ts";
import { memo } from "../memo.ts";
import { focusLater, useKeptFocus } from "../state/use-kept-focus.ts";
import { useSteady } from "../state/use-steady.ts";
import type { FilterName } from "../state/view.ts";
import { COLUMNS, FIRST_SORTING, sortedBy, sortGroups, type Sorting } from "./sort.ts";

interface GroupsTableProps {
	readonly groups: readonly SeriesGroup[];
	readonly window: string;
	readonly onFilter: (name: FilterName, value: string) => void;
}

/** As many as are read at once; the rest on demand. */
const FIRST_ROWS = 25;

/** Where the money goes, and how each route and model does: sortable by every column. */
export const GroupsTable = memo(function GroupsTable({ groups, onFilter, window }: GroupsTableProps) {
	const [sorting, setSorting] = useState<Sorting>(FIRST_SORTING);
	const [showsAll, setShowsAll] = useState(false);
	const body = useRef<HTMLTableSectionElement>(null);
	useKeptFocus(body);
	const steady = useSteady(groups, keyOf);
	const rows = useMemo(() => sortGroups(steady, sorting), [steady, sorting]);
	const shown = showsAll ? rows : rows.slice(0, FIRST_ROWS);
	const showAll = (): void => {
		setShowsAll(true);
		focusLater(`#groups-body tr:nth-child(${FIRST_ROWS + 1}) button`);
	};
	return (
		<section id="groups" class="card wide" aria-labelledby="groups-title">
			<div class="heading">
				<h2 id="groups-title">Models and routes</h2>
				<p id="groups-window" class="window">
					{window}
				</p>
			</div>
			<div class="scroll" role="region" aria-label="Table of models and routes" tabIndex={0}>
				<table>
					<thead>
						<tr>
							{COLUMNS.map((column) => (
								<Heading key={column.name} column={column} sorting={sorting} onSort={setSorting} />
							))}
						</tr>
					</thead>
					<tbody id="groups-body" ref={body}>
						{shown.map((group) => (
							<Row key={keyOf(group)} group={group} onFilter={onFilter} />
						))}
					</tbody>
				</table>
			</div>
			{rows.length === 0 && <p class="detail">Nothing in this time.</p>}
			{rows.length > shown.length && (
				<button type="button" class="more" onClick={showAll}>
					Show all {formatExact(rows.length)}
				</button>
			)}
		</section>
	);
});

interface HeadingProps {
	readonly column: (typeof COLUMNS)[number];
	readonly sorting: Sorting;
	readonly onSort: (sorting: Sorting) => void;
}

function Heading({ column, onSort, sorting }: HeadingProps) {
	const isIt = sorting.column === column.name;
	const direction = sorting.descending ? "descending" : "ascending";
	return (
		<th scope="col" class={column.isNumber ? "number" : ""} aria-sort={isIt ? direction : "none"}>
			<button type="button" class="sort" onClick={() => onSort(sortedBy(column, sorting))}>
				{column.title}
				<span class="arrow" aria-hidden="true">
					{isIt ? (sorting.descending ? "▾" : "▴") : ""}
				</span>
			</button>
		</th>
	);
}

const Row = memo(function Row({
	group,
	onFilter,
}: {
	readonly group: SeriesGroup;
	readonly onFilter: GroupsTableProps["onFilter"];
}) {
	const { calls, errors, failed, model, provider, route, share } = group;
	return (
		<tr>
			<th scope="row">
				<Label name="route" value={route} onFilter={onFilter} />
			</th>
			<td>
				<Label name="model" value={model} onFilter={onFilter} />
			</td>
			<td>
				<Label name="provider" value={provider} onFilter={onFilter} />
			</td>
			<td class="number" title={`exactly ${formatExactUsd(group.exactUsd)}`}>
				{costOf(group)}
			</td>
			<td class="number share">
				<Spark values={group.spark} />
				<span class="part">{formatShare(share)} %</span>
			</td>
			<td class="number">{calls === 0 ? NOTHING : formatExact(calls)}</td>
			<td class={errors > 0 ? "number bad" : "number zero"}>
				{formatExact(errors)}
				{failed > 0 && <span class="soft"> {formatPercent(failed / calls)} %</span>}
			</td>
			<td class="number">{formatCount(group.inputTokens)}</td>
			<td class="number">{formatCount(group.outputTokens)}</td>
			<td class="number">{formatDuration(group.p50)}</td>
			<td class="number">{formatDuration(group.p90)}</td>
			<td class="number">{formatDuration(group.p99)}</td>
			<td class="number">{formatDuration(group.firstTokenP50)}</td>
		</tr>
	);
});

interface LabelProps {
	readonly name: FilterName;
	readonly value: string;
	readonly onFilter: GroupsTableProps["onFilter"];
}

/** A label that shows only what has it. */
function Label({ name, onFilter, value }: LabelProps) {
	// A record by hand names no provider, and a look into a cache no model.
	const shown = value === "" ? (name === "provider" ? "by hand" : NOTHING) : value;
	return (
		<button type="button" class="label" title={`Only ${name} ${shown}`} onClick={() => onFilter(name, value)}>
			{shown}
		</button>
	);
}

/** Never a silent $0: what is missing shows. */
function costOf({ costUsd, unpriced, withoutUsage }: SeriesGroup): string {
	if (unpriced + withoutUsage === 0) return formatUsd(costUsd);
	if (costUsd > 0) return `≥ ${formatUsd(costUsd)}`;
	return unpriced > 0 ? "unpriced" : "no usage";
}

function keyOf({ model, provider, route }: SeriesGroup): string {
	return JSON.stringify([route, model, provider]);
}
