/** Where the server says what it does: pino's shape, so a pino logger, `console` and most others fit. */
export interface DashboardLogger {
	info(message: string): void;
	warn(message: string): void;
	error(message: string): void;
}

/** Quiet about the normal course; the rest goes out as Node's warnings. */
export const DEFAULT_LOGGER: DashboardLogger = {
	info: () => {},
	warn: (message) => process.emitWarning(message, "HyperAgentWarning"),
	error: (message) => process.emitWarning(message, "HyperAgentWarning"),
};
