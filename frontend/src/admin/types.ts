// What the console shows, by the words of the page.
import type { Schemas } from "../api/client";

export type AnyJob = Schemas["AnyJob"];
export type Kind = AnyJob["kind"];
export type Limits = Schemas["QueueLimits"];
export type LimitsInForce = Schemas["LimitsState"];
export type Figures = Schemas["Figures"];
export type Stored = Schemas["StorageState"];
export type StoredKind = keyof Schemas["AllKinds"];
export type StoredByUser = Schemas["UserUsage"];
export type Cleanup = Schemas["Cleanup"];
export type CleanupKind = Schemas["CleanupWish"]["kinds"][number];
export type RetentionRule = Schemas["Rule"];
export type Since = Schemas["Since"];
