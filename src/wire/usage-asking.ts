/**
 * Whether a server that speaks OpenAI's API is asked for the usage of its streams (`stream_options.include_usage`): yes,
 * until it has refused.
 */
export class UsageAsking {
	/** Until the server has refused to be asked. */
	isOn = true;
	/** Refusals in a row that did not say what they were for. */
	#silentRefusals = 0;

	/** A request that asked was answered. */
	accepted(): void {
		this.#silentRefusals = 0;
	}

	/** A request that had asked was refused, and without asking it was answered. */
	refused(refusal: "named" | "silent"): void {
		// One without a word may have been about anything: only the second in a row is believed.
		this.#silentRefusals += 1;
		if (refusal === "named" || this.#silentRefusals > 1) this.isOn = false;
	}
}

/** A 400 or 422 that names the field, or that has no message the SDK could read (Mistral's 422 has not). */
export function streamOptionsRefusal(error: unknown): "named" | "silent" | undefined {
	if (!(error instanceof Error) || !("status" in error)) return undefined;
	if (error.status !== 400 && error.status !== 422) return undefined;
	const param = "param" in error ? String(error.param) : "";
	if (/stream_options|include_usage/.test(`${error.message} ${param}`)) return "named";
	return error.message.includes("status code (no body)") ? "silent" : undefined;
}
