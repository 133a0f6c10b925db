import { memo } from "../memo.ts";

const WIDTH = 72;
const HEIGHT = 18;

/** A small curve of a few values, the newest at its right; for the eye only, the numbers stand beside it. */
export const Spark = memo(function Spark({ values }: { readonly values: readonly number[] }) {
	const most = values.reduce((a, b) => Math.max(a, b), 0);
	const step = WIDTH / Math.max(1, values.length - 1);
	const points = values.map((value, i) => {
		const y = most === 0 ? HEIGHT - 1 : 1 + (HEIGHT - 2) * (1 - value / most);
		return `${(i * step).toFixed(1)},${y.toFixed(1)}`;
	});
	return (
		<svg class="spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
			<polyline points={points.join(" ")} />
		</svg>
	);
});
