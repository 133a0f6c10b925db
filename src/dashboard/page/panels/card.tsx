/** panels/: the cards above the tables. This file: the frame that each of them stands in. */
import type { ComponentChildren } from "preact";

interface CardProps {
	/** The ids of its parts begin with it: `cost-title`, `cost-window`. */
	readonly id: string;
	readonly title: string;
	/** Which time, and what of it, its numbers are about. */
	readonly window: string;
	readonly children: ComponentChildren;
}

/** A panel with its title and the time that it is about. */
export function Card({ children, id, title, window }: CardProps) {
	return (
		<section id={id} class="card" aria-labelledby={`${id}-title`}>
			<div class="heading">
				<h2 id={`${id}-title`}>{title}</h2>
				<p id={`${id}-window`} class="window">
					{window}
				</p>
			</div>
			{children}
		</section>
	);
}

interface ValueProps {
	readonly id: string;
	readonly unit: string;
	readonly children: string;
}

/** The number that one looks at first. */
export function Value({ children, id, unit }: ValueProps) {
	return (
		<p class="value">
			<span id={id}>{children}</span> <span class="unit">{unit}</span>
		</p>
	);
}

/** The same of the whole process, as /metrics has it; nothing under a filter, which it would not follow. */
export function ProcessLine({ id, text }: { readonly id: string; readonly text: string }) {
	return (
		<p id={`${id}-process`} class="process" hidden={text === ""}>
			{text}
		</p>
	);
}
