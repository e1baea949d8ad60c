// What was dropped: files in the order they lay in, and those of folders by name.

export interface Dropped {
  readonly files: readonly File[];
  /** The name of the folder, where one was dropped: its files are one meeting. */
  readonly folder: string | null;
}

export const NOTHING_DROPPED: Dropped = { files: [], folder: null };

/** Must be called while the event is told; later the browser has forgotten what was dropped. */
export async function filesOf(transfer: DataTransfer): Promise<Dropped> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return { files: [...transfer.files], folder: null };
  const files = await Promise.all(entries.map(within));
  const folders = entries.filter((entry) => entry.isDirectory);
  return { files: files.flat(), folder: folders[0]?.name ?? null };
}

export function ofFolder(files: readonly File[]): Dropped {
  return { files: files.filter((file) => !file.name.startsWith(".")).toSorted(byName), folder: files[0]?.webkitRelativePath.split("/")[0] ?? null };
}

async function within(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) break;
    all.push(...some);
  }
  const seen = all.filter((one) => !one.name.startsWith(".")).toSorted(byName);
  return (await Promise.all(seen.map(within))).flat();
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, "zh-CN", { numeric: true });
}
