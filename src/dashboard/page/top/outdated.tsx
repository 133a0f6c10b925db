import { useRef } from "preact/hooks";

/** The server was replaced by one of another version: its numbers may not be what this page takes them for. */
export function Outdated({ version }: { readonly version: string }) {
	const first = useRef(version);
	const isOther = first.current !== version;
	return (
		<div role="status" class="outdated">
			{isOther && (
				<p id="outdated" class="card notice">
					The server is version {version} now, this page is of {first.current}.{" "}
					<button type="button" class="more" onClick={() => location.reload()}>
						Reload
					</button>
				</p>
			)}
		</div>
	);
}
