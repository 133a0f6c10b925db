import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Whether an element is in sight, or nearly so. */
export function useIsSeen(element: RefObject<Element | null>): boolean {
	const [isSeen, setIsSeen] = useState(false);
	useEffect(() => {
		if (element.current === null) return undefined;
		const observer = new IntersectionObserver(
			(entries) => setIsSeen(entries.some(({ isIntersecting }) => isIntersecting)),
			{ rootMargin: "300px" },
		);
		observer.observe(element.current);
		return () => observer.disconnect();
	}, []);
	return isSeen;
}
