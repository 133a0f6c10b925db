/** dashboard/page/: what runs in the browser. It shows what the server's `/api` says, and how fresh that is. */
import { render } from "preact";
import { App } from "./app.tsx";

const place = document.getElementById("app");
if (place !== null) render(<App />, place);
