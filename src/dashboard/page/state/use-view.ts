import { useCallback, useEffect, useState } from "preact/hooks";
import { parseView, type View, viewSearch } from "./view.ts";

/** The view that the address holds, and how to go to another: the browser's "back" returns from there. */
export function useView(): readonly [View, (view: View) => void] {
	const [view, setView] = useState(() => parseView(location.search));
	useEffect(() => {
		const goBack = (): void => setView(parseView(location.search));
		addEventListener("popstate", goBack);
		return () => removeEventListener("popstate", goBack);
	}, []);
	const go = useCallback((next: View): void => {
		const search = viewSearch(next);
		// Going where one is makes no step to go back from.
		if (search !== location.search) history.pushState(null, "", location.pathname + search);
		setView(next);
	}, []);
	return [view, go];
}
