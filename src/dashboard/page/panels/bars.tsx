import { Swatch } from "../charts/chart.tsx";
import type { Hue } from "../charts/palette.ts";

/** One line of a list of bars. */
export interface Bar {
	readonly name: string;
	readonly amount: string;
	/** Its length, as a part of the longest. */
	readonly size: number;
	/** Its colour in the chart above. */
	readonly hue?: Hue;
	readonly note?: string;
}

interface BarsProps {
	readonly id: string;
	readonly bars: readonly Bar[];
	/** Beyond it, the list says how many more there are. */
	readonly most: number;
}

/** Names with their amounts, and bars as long as they are. */
export function Bars({ bars, id, most }: BarsProps) {
	const longest = bars.reduce((a, { size }) => Math.max(a, size), 0);
	const more = bars.length - most;
	return (
		<ul id={id} class="bars">
			{bars.slice(0, most).map(({ amount, hue, name, note, size }, i) => (
				<li key={i}>
					<span class="name" title={name}>
						{hue !== undefined && <Swatch hue={hue} />}
						{name}
					</span>
					<span class="amount">
						{amount}
						{note !== undefined && <span class="soft"> {note}</span>}
					</span>
					<span class="track" aria-hidden="true">
						<span
							class={`fill fill-${hue ?? 1}`}
							style={{ width: `${longest > 0 ? (100 * size) / longest : 0}%` }}
						/>
					</span>
				</li>
			))}
			{more > 0 && <li class="soft">and {more} more</li>}
		</ul>
	);
}
