// The folders of a user as a tree. Pure.
import type { Schemas } from "../api/client";

export type Folder = Schemas["CountedFolder"];

/** How deep folders go, as the server has it. */
export const MAX_LEVELS = 3;

export function childrenOf(folders: readonly Folder[], parent: string | null): Folder[] {
  return folders.filter((one) => one.parent_id === parent);
}

/** The names from the top down to this folder. */
export function pathOf(folders: readonly Folder[], id: string): string[] {
  const folder = folders.find((one) => one.id === id);
  if (!folder) return [];
  return [...(folder.parent_id ? pathOf(folders, folder.parent_id) : []), folder.name];
}

/** Every folder with its path as a label, each followed by those inside it. */
export function listed(folders: readonly Folder[], parent: string | null = null): { id: string; label: string }[] {
  return childrenOf(folders, parent).flatMap((one) => [
    { id: one.id, label: pathOf(folders, one.id).join(" / ") },
    ...listed(folders, one.id),
  ]);
}

/** Where a folder may be moved: not into itself, and no deeper than folders go. */
export function placesFor(folders: readonly Folder[], moved: Folder): { id: string; label: string }[] {
  const inside = new Set([moved.id, ...listed(folders, moved.id).map(({ id }) => id)]);
  const height = heightOf(folders, moved);
  return listed(folders).filter(({ id }) => !inside.has(id) && pathOf(folders, id).length + height <= MAX_LEVELS);
}

function heightOf(folders: readonly Folder[], folder: Folder): number {
  return 1 + Math.max(0, ...childrenOf(folders, folder.id).map((child) => heightOf(folders, child)));
}
