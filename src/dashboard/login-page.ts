/** What the form says above its field. */
export type LoginNote = "ask" | "wrong" | "throttled" | "foreign";

const NOTES: Readonly<Record<LoginNote, string>> = {
	ask: "",
	wrong: `<p role="alert">That is not the token.</p>`,
	throttled: `<p role="alert">Too many wrong tokens came from your address or from everywhere. Wait a minute.</p>`,
	foreign: `<p role="alert">The form did not come from this page. Send it again from here.</p>`,
};

/** The form that asks a browser's user for the token. It sends to its own address, which carries the view that was asked for. */
export function loginPage(note: LoginNote): string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>HyperAgent: log in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="login.css">
</head>
<body>
<main>
<h1>HyperAgent</h1>
${NOTES[note]}
<form method="post">
<input type="text" autocomplete="username" value="HyperAgent" readonly hidden>
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="hint">
<button>Log in</button>
<p id="hint">It is the <code>authToken</code> that the server was started with.</p>
</form>
</main>
</body>
</html>
`;
}

/**
 * Asks for the same address again. A browser that follows another site's link keeps a SameSite=Strict cookie to itself, and
 * sends it once the page itself asks.
 */
export const ASK_AGAIN_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0">
<title>HyperAgent</title>
<link rel="icon" href="data:,">
</head>
<body></body>
</html>
`;

/** Of {@link loginPage}, at `/login.css`. */
export const LOGIN_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { width: min(22rem, calc(100vw - 2rem)); }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
form { display: grid; gap: 0.5rem; }
label { font-weight: 600; }
input, button { font: inherit; padding: 0.5rem 0.75rem; border: 1px solid GrayText; border-radius: 0.375rem; }
button { background: #1f4fd8; border-color: #1f4fd8; color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #6b93ff; outline-offset: 2px; }
p { margin: 0; font-size: 0.875rem; }
[role="alert"] { margin-bottom: 1rem; padding: 0.5rem 0.75rem; border-left: 4px solid #c62828; }
`;
