/** dashboard/: an HTTP server with `/metrics`, health checks, the numbers as JSON, and a page that shows them live. */
import "../core/require-node.ts";

export { HyperAgentError, type HyperAgentErrorCode } from "../core/hyperagent-error.ts";
export { DashboardServer, type DashboardServerOptions } from "./dashboard-server.ts";
export type { CallsAnswer, CallView, CostPart } from "./calls-answer.ts";
export type { DashboardLogger } from "./logger.ts";
export type { SeriesAnswer, SeriesGroup, SeriesSteps, SeriesTotal } from "./series-answer.ts";
export type {
	ActiveStats,
	CacheStats,
	CostStats,
	DashboardStats,
	ErrorStats,
	History,
	HitRate,
	LatencyStats,
	LedgerStats,
	ModelTokens,
	MonthStats,
	PairStats,
	Percentiles,
	ReasonCount,
	RemainingQuota,
	TokenStats,
} from "./stats.ts";
