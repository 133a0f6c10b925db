/** The page's element with that id, which index.html has. */
export function byId(id: string): HTMLElement {
	const found = document.getElementById(id);
	if (found === null) throw new Error(`index.html has no #${id}`);
	return found;
}

/** Sets the text of the element with that id; text is never taken for markup. */
export function setText(id: string, text: string, title = ""): void {
	const target = byId(id);
	if (target.textContent !== text) target.textContent = text;
	if (target.title !== title) target.title = title;
}

/** A new element with a class and children; strings become text. */
export function element<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	className: string,
	...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
	const created = document.createElement(tag);
	created.className = className;
	created.append(...children);
	return created;
}

/** One line of a bar list. */
export interface Bar {
	readonly name: string;
	readonly amount: string;
	readonly size: number;
	readonly title?: string;
}

/** Fills a list with bars as long as their share of the longest; beyond `most` it says how many more there are. */
export function drawBars(id: string, bars: readonly Bar[], most: number): void {
	const longest = Math.max(...bars.map(({ size }) => size), 0);
	const lines = bars.slice(0, most).map(({ amount, name, size, title = name }) => {
		const fill = element("span", "fill");
		fill.style.width = `${longest > 0 ? (100 * size) / longest : 0}%`;
		const track = element("div", "track", fill);
		track.ariaHidden = "true";
		const line = element("li", "", element("span", "name", name), element("span", "amount", amount), track);
		line.title = title;
		return line;
	});
	const more = bars.length - most;
	if (more > 0) lines.push(element("li", "", element("span", "amount", `and ${more} more`)));
	byId(id).replaceChildren(...lines);
}
