// Short names for the API schemas the console uses.
import type { Schemas } from "../api/client";

export type AnyJob = Schemas["AdminJob"];
export type Kind = AnyJob["kind"];
export type Limits = Schemas["QueueLimits"];
export type LimitsInForce = Schemas["LimitsState"];
export type Figures = Schemas["Figures"];
export type Stored = Schemas["StorageState"];
export type StoredKind = keyof Schemas["AllBytesByKind"];
export type StoredByUser = Schemas["UserUsage"];
export type Cleanup = Schemas["Cleanup"];
export type CleanupKind = Schemas["CleanupRequest"]["kinds"][number];
export type RetentionRule = Schemas["Rule"];
export type Since = Schemas["RetentionStart"];
