/** No inline script or style, nothing from elsewhere, in no frame; forms go to us alone. */
const CONTENT_SECURITY_POLICY =
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/** What every answer carries. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
	"Content-Security-Policy": CONTENT_SECURITY_POLICY,
	// Where a route says nothing else: with any answer a session's cookie may come.
	"Cache-Control": "no-store",
	"X-Content-Type-Options": "nosniff",
	// Nobody else learns our addresses; `no-referrer` would also take the Origin from our own forms.
	"Referrer-Policy": "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy": "same-origin",
};
