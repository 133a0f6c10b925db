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

/** The same for callers who go on whatever happens: a logger that fails is reported as a warning of Node's. */
export function guardedLogger(logger: DashboardLogger): DashboardLogger {
	const guarded = (level: keyof DashboardLogger) => (message: string) => void tell(logger, level, message);
	return { info: guarded("info"), warn: guarded("warn"), error: guarded("error") };
}

async function tell(logger: DashboardLogger, level: keyof DashboardLogger, message: string): Promise<void> {
	try {
		const said: unknown = logger[level](message);
		await said; // an async function passes for a logger's, too
	} catch (error) {
		const why = error instanceof Error ? error.message : typeof error;
		DEFAULT_LOGGER.error(`DashboardServer: the logger failed (${why}) when it was told: ${message}`);
	}
}
