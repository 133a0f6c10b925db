import type { ErrorType } from "../core/llm-error.ts";
import type { ErrorWords } from "./error-facts.ts";

/**
 * Codes and types of providers' errors that settle what happened, whatever the HTTP status. Sources: the error pages
 * of OpenAI, Azure, Groq, Mistral, Anthropic (with the error codes of its SDK), google.rpc.Code and Amazon Bedrock.
 */
const NAMES: ReadonlyMap<string, ErrorType> = new Map<string, ErrorType>([
	["rate_limit_exceeded", "rate_limit"],
	["rate_limit_error", "rate_limit"],
	["ramp_limit_exceeded", "rate_limit"],
	["too_many_requests", "rate_limit"],
	["slow_down", "rate_limit"],
	["invalid_api_key", "auth_failed"],
	["api_key_invalid", "auth_failed"],
	["authentication_error", "auth_failed"],
	["unauthenticated", "auth_failed"],
	["permission_error", "auth_failed"],
	["permission_denied", "auth_failed"],
	["organization_on_hold", "auth_failed"],
	["unsupported_country_region_territory", "auth_failed"],
	["context_length_exceeded", "token_limit"],
	["tokens_limit_reached", "token_limit"],
	["request_too_large", "token_limit"],
	["request_body_too_large_after_decoding", "validation"],
	["model_not_found", "model_unavailable"],
	["model_decommissioned", "model_unavailable"],
	["model_not_active", "model_unavailable"],
	["invalid_model", "model_unavailable"],
	["deploymentnotfound", "model_unavailable"],
	["not_found_error", "model_unavailable"],
	["not_found", "model_unavailable"],
	["overloaded_error", "model_unavailable"],
	["server_is_overloaded", "model_unavailable"],
	["unavailable", "model_unavailable"],
	["timeout_error", "timeout"],
	["request_timeout", "timeout"],
	["deadline_exceeded", "timeout"],
	["throttlingexception", "rate_limit"],
	["servicequotaexceededexception", "quota"],
	["accessdeniedexception", "auth_failed"],
	["resourcenotfoundexception", "model_unavailable"],
	["modelnotreadyexception", "model_unavailable"],
	["serviceunavailableexception", "model_unavailable"],
	["modeltimeoutexception", "timeout"],
	["modelerrorexception", "api_error"],
	["modelstreamerrorexception", "api_error"],
]);

/** Names that say little: the HTTP status, where there is one, says more. */
const VAGUE_NAMES: ReadonlyMap<string, ErrorType> = new Map<string, ErrorType>([
	["invalid_request_error", "validation"],
	["invalid_argument", "validation"],
	["failed_precondition", "validation"],
	["api_error", "api_error"],
	["server_error", "api_error"],
	["internal_server_error", "api_error"],
	["internal", "api_error"],
	["validationexception", "validation"],
	["internalserverexception", "api_error"],
]);

/** OpenAI's `insufficient_quota` and its kin, Anthropic's spend limits, and what others call an empty purse. */
const QUOTA_NAME =
	/^(insufficient_(user_)?(quota|balance|credits?|funds)|billing_\w+|\w+_billing_unavailable|\w*spend_limit_reached|payment_required)$/;

/** What node:net, TLS and undici call a connection that failed. */
const NETWORK_NAME =
	/^(econn\w+|err_stream_premature_close|enotfound|eai_\w+|epipe|ehost\w+|enet\w+|eaddr\w+|eproto|und_err_\w+|cert_\w+|err_tls_\w+|err_ssl_\w+|self_signed\w*|depth_zero\w*|unable_to_\w+|hpe_\w+)$/;

const TIMEOUT_NAME =
	/^(etimedout|esockettimedout|und_err_(connect|headers|body)_timeout|err_socket_connection_timeout)$/;

/** The type that a provider's code or type settles. */
export function typeByName(words: ErrorWords): ErrorType | undefined {
	for (const name of words.names) {
		if (name === "resource_exhausted") return isRateQuota(words) ? "rate_limit" : "quota";
		if (QUOTA_NAME.test(name)) return "quota";
		const type = NAMES.get(name);
		if (type !== undefined) return type;
		if (TIMEOUT_NAME.test(name)) return "timeout";
		if (NETWORK_NAME.test(name)) return "network";
		if (/^z_(data|buf)_error$/.test(name)) return "invalid_response";
	}
	return undefined;
}

/** The type that a vague name hints at, where there is no HTTP status: an error inside a stream. */
export function typeByVagueName(words: ErrorWords): ErrorType | undefined {
	const type = words.names.map((name) => VAGUE_NAMES.get(name)).find((known) => known !== undefined);
	return type === undefined ? undefined : (typeByMessage(words) ?? type);
}

/** Gemini says "quota" of its rates too: only a quota by another measure than time is one. */
function isRateQuota(words: ErrorWords): boolean {
	return words.quotaIds.every((id) => /Per(Second|Minute|Hour|Day)/i.test(id));
}

const EMPTY_PURSE =
	/credit balance|(all|no) available credits|spend(ing)? limit|API usage limits|insufficient (balance|credits?|funds|quota)/i;
const TOO_LONG =
	/prompt is too long|input is too long|context[ _](length|window|size|limit)|maximum context|input length (and|exceeds|is)|too many (input |prompt )?tokens|maximum number of tokens|reduce the length/i;
const BAD_KEY = /(incorrect|invalid|no) (x-)?api[ -]key|api[ -]key (is )?(not valid|invalid)/i;
const NO_SUCH_MODEL = /\bmodel\b.{0,120}?(does not exist|not exist\b|not found|decommissioned)/i;

/** What the status says, and where it says only "a bad request", what the message adds. */
export function typeByStatus({ status, message }: ErrorWords): ErrorType | undefined {
	if (status === undefined) return undefined;
	const mayBePurse = status === 400 || status === 403 || status === 429;
	if (status === 402 || (mayBePurse && EMPTY_PURSE.test(message))) return "quota";
	if (status === 401 || status === 403) return "auth_failed";
	if (status === 429) return "rate_limit";
	if (status === 404 || status === 529) return "model_unavailable";
	if (status === 408 || status === 504) return "timeout";
	if (status === 503 && /overloaded/i.test(message)) return "model_unavailable";
	if (status >= 500 || status === 409) return "api_error";
	if (status < 400) return "invalid_response";
	return typeByRefusal(message) ?? "validation";
}

/** What only the message tells. */
export function typeByMessage({ message }: ErrorWords): ErrorType | undefined {
	return typeByRefusal(message);
}

function typeByRefusal(message: string): ErrorType | undefined {
	if (EMPTY_PURSE.test(message)) return "quota";
	if (TOO_LONG.test(message)) return "token_limit";
	if (BAD_KEY.test(message)) return "auth_failed";
	if (NO_SUCH_MODEL.test(message)) return "model_unavailable";
	return undefined;
}
