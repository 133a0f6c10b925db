import { focusLater } from "../state/use-kept-focus.ts";
import { PRESSED } from "./controls.tsx";
import { isFiltered, RANGES, type View } from "../state/view.ts";

/** Says why nothing is to be seen, and where there may be something. */
export function EmptyView({ go, view }: { readonly view: View; readonly go: (view: View) => void }) {
	const longest = RANGES.at(-1);
	const isLongest = view.zoom === undefined && view.range === longest;
	const goTo = (next: View): void => {
		go(next);
		focusLater(PRESSED);
	};
	return (
		<p id="empty-view" class="card wide notice">
			No calls in this time{isFiltered(view.filters) && " with these filters"}.{" "}
			{isFiltered(view.filters) && (
				<button type="button" class="more" onClick={() => goTo({ ...view, filters: {} })}>
					Clear filters
				</button>
			)}{" "}
			{!isLongest && longest !== undefined && (
				<button type="button" class="more" onClick={() => goTo({ range: longest, filters: view.filters })}>
					Look at the last {longest.label}
				</button>
			)}
			{isLongest && !isFiltered(view.filters) && "Other times, above, shows what is older."}
		</p>
	);
}
