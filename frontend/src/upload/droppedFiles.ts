// Reads dropped files; those of a folder are sorted by name.

export interface DroppedFiles {
  readonly files: readonly File[];
  /** The name of the folder, if one was dropped: its files are one meeting. */
  readonly folder: string | null;
}

export const NOTHING_DROPPED: DroppedFiles = { files: [], folder: null };

/** Must be called inside the event handler: the browser clears the DataTransfer afterwards. */
export async function filesOf(transfer: DataTransfer): Promise<DroppedFiles> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return { files: [...transfer.files], folder: null };
  const files = await Promise.all(entries.map(filesIn));
  const folders = entries.filter((entry) => entry.isDirectory);
  return { files: files.flat(), folder: folders[0]?.name ?? null };
}

export function ofFolder(files: readonly File[]): DroppedFiles {
  return {
    files: files.filter((file) => !file.name.startsWith(".")).toSorted(byName),
    folder: files[0]?.webkitRelativePath.split("/")[0] ?? null,
  };
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) break;
    all.push(...some);
  }
  const seen = all.filter((one) => !one.name.startsWith(".")).toSorted(byName);
  return (await Promise.all(seen.map(filesIn))).flat();
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, "zh-CN", { numeric: true });
}
