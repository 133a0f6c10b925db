import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../state/server-clock.ts";
import { focusLater } from "../state/use-kept-focus.ts";
import { stretchOf, type View, zoomed } from "../state/view.ts";

interface CustomRangeProps {
	readonly view: View;
	readonly go: (view: View) => void;
}

/** Any stretch of time, typed: what a drag over a chart does for the mouse. */
export function CustomRange({ go, view }: CustomRangeProps) {
	const [isOpen, setIsOpen] = useState(false);
	const close = (): void => {
		setIsOpen(false);
		focusLater("#custom-range");
	};
	if (isOpen) return <RangeForm view={view} go={go} onClose={close} />;
	return (
		<button type="button" id="custom-range" class="more" onClick={() => setIsOpen(true)}>
			Other times
		</button>
	);
}

function RangeForm({ go, onClose, view }: CustomRangeProps & { readonly onClose: () => void }) {
	const from = useRef<HTMLInputElement>(null);
	const to = useRef<HTMLInputElement>(null);
	const [{ since, until }] = useState(() => stretchOf(view, serverNow()));
	useEffect(() => from.current?.focus(), []);
	const show = (event: Event): void => {
		event.preventDefault();
		const [start, end] = [from, to].map((field) => Date.parse(field.current?.value ?? ""));
		// The browser has checked that both are times.
		if (start === undefined || end === undefined || to.current === null) return;
		to.current.setCustomValidity(start < end ? "" : "This has to be later than From.");
		if (!to.current.reportValidity()) return;
		onClose();
		go(zoomed(view, start, end));
	};
	const change = (): void => to.current?.setCustomValidity("");
	const leave = (event: KeyboardEvent): void => {
		if (event.key === "Escape") onClose();
	};
	return (
		<form class="custom" onSubmit={show} onInput={change} onKeyDown={leave}>
			<TimeField title="From" ms={since} field={from} />
			<TimeField title="To" ms={until} field={to} />
			<button type="submit">Show</button>
			<button type="button" onClick={onClose}>
				Cancel
			</button>
		</form>
	);
}

interface TimeFieldProps {
	readonly title: string;
	readonly ms: number;
	readonly field: RefObject<HTMLInputElement | null>;
}

function TimeField({ field, ms, title }: TimeFieldProps) {
	return (
		<label>
			{title}{" "}
			<input
				type="datetime-local"
				required
				step="1"
				min="2000-01-03T00:00"
				max="9998-12-31T00:00"
				defaultValue={localTime(ms)}
				ref={field}
			/>
		</label>
	);
}

/** As the field wants it, in the viewer's zone: "2026-11-25T14:02:05". */
function localTime(ms: number): string {
	const minutes = new Date(ms).getTimezoneOffset();
	return new Date(ms - minutes * 60_000).toISOString().slice(0, 19);
}
