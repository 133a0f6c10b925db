import { useEffect, useRef } from "preact/hooks";
import type { SeriesAnswer } from "../../series-answer.ts";
import { formatStretch, NOTHING } from "../format.ts";
import { memo } from "../memo.ts";
import { CustomRange } from "./custom-range.tsx";
import { focusLater } from "../state/use-kept-focus.ts";
import { type FilterName, isFiltered, RANGES, type View } from "../state/view.ts";

interface ControlsProps {
	readonly view: View;
	readonly choices: SeriesAnswer["choices"];
	readonly go: (view: View) => void;
}

const LABELS: readonly (readonly [FilterName, string, keyof SeriesAnswer["choices"]])[] = [
	["route", "Route", "routes"],
	["model", "Model", "models"],
	["provider", "Provider", "providers"],
];
/** The range that is looked at. */
export const PRESSED = '#controls [aria-pressed="true"]';

/** Which time is looked at, and what of it. */
export const Controls = memo(function Controls({ choices, go, view }: ControlsProps) {
	const { filters, range, zoom } = view;
	const zoomOut = (): void => {
		go({ range, filters });
		focusLater(PRESSED);
	};
	const clear = (): void => {
		go({ ...view, filters: {} });
		focusLater("#filter-route");
	};
	const bar = useRef<HTMLDivElement>(null);
	useEffect(() => keepClear(bar.current), []);
	return (
		<div id="controls" class="controls" ref={bar}>
			<div class="segments" role="group" aria-label="Time range">
				{RANGES.map((each) => (
					<button
						key={each.name}
						type="button"
						aria-pressed={zoom === undefined && range.name === each.name}
						onClick={() => go({ range: each, filters })}
					>
						{each.label}
					</button>
				))}
			</div>
			{zoom !== undefined && (
				<button type="button" id="zoom-out" class="more" onClick={zoomOut}>
					<span aria-hidden="true">× </span>
					{formatStretch(zoom.since, zoom.until, Date.now())}
					<span class="unseen"> (zoom out)</span>
				</button>
			)}
			<CustomRange view={view} go={go} />
			{LABELS.map(([name, title, list]) => (
				<Choice
					key={name}
					name={name}
					title={title}
					choices={choices[list]}
					value={filters[name]}
					onChoose={(value) => {
						const { [name]: _, ...others } = filters;
						go({ ...view, filters: value === undefined ? others : { ...others, [name]: value } });
					}}
				/>
			))}
			{isFiltered(filters) && (
				<button type="button" id="clear-filters" class="more" onClick={clear}>
					Clear filters
				</button>
			)}
		</div>
	);
});

/** What is scrolled to, by a link or by the focus, comes below the bar where that stays at the top. */
function keepClear(bar: HTMLElement | null): (() => void) | undefined {
	if (bar === null) return undefined;
	const { style } = document.documentElement;
	const observer = new ResizeObserver(() => {
		const stays = getComputedStyle(bar).position === "sticky";
		style.scrollPaddingTop = stays ? `${bar.offsetHeight + 4}px` : "";
	});
	observer.observe(bar);
	return () => {
		observer.disconnect();
		style.scrollPaddingTop = "";
	};
}

interface ChoiceProps {
	readonly name: FilterName;
	readonly title: string;
	readonly choices: readonly string[];
	readonly value: string | undefined;
	readonly onChoose: (value: string | undefined) => void;
}

/** A filter that is set stays in its list, even where nothing of the time has that label. */
function Choice({ choices, name, onChoose, title, value }: ChoiceProps) {
	const all = value === undefined || choices.includes(value) ? choices : [value, ...choices];
	return (
		<label class={value === undefined ? "filter" : "filter set"}>
			{title}{" "}
			<select
				id={`filter-${name}`}
				value={optionOf(value)}
				onChange={({ currentTarget }) =>
					onChoose(currentTarget.value === "" ? undefined : currentTarget.value.slice(1))
				}
			>
				<option value="">all</option>
				{all.map((choice) => (
					<option key={choice} value={optionOf(choice)}>
						{choice === "" ? (name === "provider" ? "by hand" : NOTHING) : choice}
					</option>
				))}
			</select>
		</label>
	);
}

/** A label can be "": with a mark before it, it is not the choice that filters nothing. */
function optionOf(value: string | undefined): string {
	return value === undefined ? "" : `=${value}`;
}
