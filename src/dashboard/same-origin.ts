import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a POST comes from a page of ours. Browsers say so in `Sec-Fetch-Site` over TLS and on this machine, and
 * everywhere in `Origin`, which has to be the host that was asked for; a proxy that asks us by another name tells that one
 * in `X-Forwarded-Host`. Pages cannot set any of these. Who says nothing is no browser and has no business with a form.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
	const { host, origin } = headers;
	const site = headers["sec-fetch-site"];
	if (site !== undefined) return site === "same-origin";
	const forwarded = headers["x-forwarded-host"];
	const asked = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(",")[0]?.trim() ?? host;
	if (origin === undefined || asked === undefined || !URL.canParse(origin)) return false;
	const { host: from, protocol } = new URL(origin);
	// URL leaves out a scheme's own port, and so do browsers in Host; some proxies do not.
	const standard = protocol === "https:" ? ":443" : ":80";
	return from !== "" && (from === asked.toLowerCase() || `${from}${standard}` === asked.toLowerCase());
}
