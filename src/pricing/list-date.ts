/** When the bundled prices were published: genai-prices 0.1.8, which its package does not say of itself. */
export const LIST_PUBLISHED: number = Date.parse("2026-09-23T10:11:04Z");

/** The version that {@link LIST_PUBLISHED} speaks of; a test holds it equal to the one installed. */
export const LIST_VERSION = "0.1.8";
