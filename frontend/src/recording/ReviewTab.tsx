// What a language model found to correct: in the words, and where segments were cut.

import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { lazyPart } from "../app/lazyPart";
import type { Doc } from "../document/types";
import type { SegmentLinks } from "../minutes/citations";
import type { EditedDocument, ReviewKind } from "../minutes/useReview";

const PolishPanel = lazyPart(async () => ({ default: (await import("../minutes/PolishPanel")).PolishPanel }));
const RepairPanel = lazyPart(async () => ({ default: (await import("../minutes/RepairPanel")).RepairPanel }));

const KINDS: readonly ReviewKind[] = ["polish", "repair"];

interface ReviewTabProps extends EditedDocument {
  id: string;
  doc: Doc;
  links: SegmentLinks;
}

export function ReviewTab({ doc, ...rest }: ReviewTabProps) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<ReviewKind>("polish");
  return (
    <>
      <Segmented<ReviewKind>
        block
        aria-label={t("side.review")}
        value={kind}
        options={KINDS.map((value) => ({ value, label: t(`side.${value}`) }))}
        onChange={setKind}
      />
      {kind === "polish" ? <PolishPanel {...rest} /> : <RepairPanel {...rest} doc={doc} />}
    </>
  );
}
