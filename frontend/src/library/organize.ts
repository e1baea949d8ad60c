// The tags and folders of the user, and what changes them.
import { useQuery } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";

/** First elements of the query keys that tags and folders appear in. */
const AFFECTED_QUERIES = ["recordings", "tags", "folders"];

export const useTags = () => useQuery({ queryKey: ["tags"], queryFn: () => unwrap(api.GET("/api/tags")) }).data ?? [];

export const useFolders = () =>
  useQuery({ queryKey: ["folders"], queryFn: () => unwrap(api.GET("/api/folders")) }).data ?? [];

/** An action that shows its error, and loads again what it may have changed. */
export function useOrganizing<Input, Output>(action: (input: Input) => Promise<Output>, onDone?: () => void) {
  return useAction(action, { invalidates: AFFECTED_QUERIES, ...(onDone && { onDone }) });
}

export const organize = (body: Schemas["Organization"]) => unwrap(api.POST("/api/recordings/organize", { body }));

export const createTag = (name: string) => unwrap(api.POST("/api/tags", { body: { name } }));

export const renameTag = ({ id, name }: { id: string; name: string }) =>
  unwrap(api.PATCH("/api/tags/{tag_id}", { params: { path: { tag_id: id } }, body: { name } }));

export const deleteTag = (id: string) => unwrap(api.DELETE("/api/tags/{tag_id}", { params: { path: { tag_id: id } } }));

export const createFolder = (body: Schemas["NewFolder"]) => unwrap(api.POST("/api/folders", { body }));

export const changeFolder = ({ id, ...body }: { id: string } & Schemas["FolderChange"]) =>
  unwrap(api.PATCH("/api/folders/{folder_id}", { params: { path: { folder_id: id } }, body }));

export const deleteFolder = (id: string) =>
  unwrap(api.DELETE("/api/folders/{folder_id}", { params: { path: { folder_id: id } } }));
