// What the library shows only when it is asked for, as chunks of their own: the first load stays small.

import { type ComponentProps, Suspense } from "react";
import { lazyPart } from "../app/lazyPart";

const Again = lazyPart(async () => ({ default: (await import("./TranscribeAgainDialog")).TranscribeAgainDialog }));
const Export = lazyPart(async () => ({ default: (await import("../exports/ExportDialog")).ExportDialog }));
const Move = lazyPart(async () => ({ default: (await import("./MoveDialog")).MoveDialog }));
const MoveFolder = lazyPart(async () => ({ default: (await import("./MoveDialog")).MoveFolderDialog }));
const Tag = lazyPart(async () => ({ default: (await import("./TagDialog")).TagDialog }));
const Look = lazyPart(async () => ({ default: (await import("./TableLookMenu")).TableLookMenu }));

export function TranscribeAgainDialog(props: ComponentProps<typeof Again>) {
  return (
    <Suspense>
      <Again {...props} />
    </Suspense>
  );
}

export function ExportDialog(props: ComponentProps<typeof Export>) {
  return (
    <Suspense>
      <Export {...props} />
    </Suspense>
  );
}

export function MoveDialog(props: ComponentProps<typeof Move>) {
  return (
    <Suspense>
      <Move {...props} />
    </Suspense>
  );
}

export function MoveFolderDialog(props: ComponentProps<typeof MoveFolder>) {
  return (
    <Suspense>
      <MoveFolder {...props} />
    </Suspense>
  );
}

export function TagDialog(props: ComponentProps<typeof Tag>) {
  return (
    <Suspense>
      <Tag {...props} />
    </Suspense>
  );
}

export function TableLookMenu(props: ComponentProps<typeof Look>) {
  return (
    <Suspense fallback={<span className="table-look-button" />}>
      <Look {...props} />
    </Suspense>
  );
}
