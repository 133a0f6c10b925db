import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Rows that change their places take the focus from what is in them: it comes back to what had it, where that is still there. */
export function useKeptFocus(place: RefObject<HTMLElement | null>): void {
	const last = useRef<Element | null>(null);
	useEffect(() => {
		const parent = place.current;
		if (parent === null) return undefined;
		const enter = (event: FocusEvent): void => {
			last.current = event.target instanceof Element ? event.target : null;
		};
		// Who is moved in the document loses the focus without a word of where it goes, and so does who leaves the window.
		const leave = (event: FocusEvent): void => {
			if (event.relatedTarget !== null) last.current = null;
		};
		// Who presses something else, or nothing at all, has left as well; what takes the focus then says so itself.
		const press = (): void => {
			last.current = null;
		};
		parent.addEventListener("focusin", enter);
		parent.addEventListener("focusout", leave);
		document.addEventListener("pointerdown", press);
		return () => {
			parent.removeEventListener("focusin", enter);
			parent.removeEventListener("focusout", leave);
			document.removeEventListener("pointerdown", press);
		};
	}, []);
	useLayoutEffect(() => {
		const had = last.current;
		if (had === null || !had.isConnected || document.activeElement !== document.body) return;
		if (had instanceof HTMLElement) had.focus({ preventScroll: true });
	});
}

/** Gives the focus to what is there once all is drawn: what had it goes with the click. */
export function focusLater(selector: string): void {
	requestAnimationFrame(() => {
		requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
	});
}
