/** dashboard/: an HTTP server with `/metrics`, health checks, the numbers as JSON, and a page that shows them live. */
import "../core/require-node.ts";

export { HyperAgentError, type HyperAgentErrorCode } from "../core/hyperagent-error.ts";
export { DashboardServer, type DashboardServerOptions } from "./dashboard-server.ts";
export type { DashboardLogger } from "./logger.ts";
export type {
	ActiveStats,
	CacheStats,
	CostStats,
	DashboardStats,
	ErrorStats,
	History,
	HitRate,
	LatencyStats,
	ModelTokens,
	PairStats,
	Percentiles,
	ReasonCount,
	TokenStats,
} from "./stats.ts";
