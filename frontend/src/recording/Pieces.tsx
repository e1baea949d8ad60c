// Two texts as one: what went is struck out, what came is underlined.
import { useTranslation } from "react-i18next";
import type { Piece } from "../document/diff";

export function Pieces({ pieces }: { pieces: readonly Piece[] }) {
  const { t } = useTranslation();
  return (
    <>
      {pieces.map((piece, number) =>
        piece.kind === "same" ? (
          <span key={number}>{piece.text}</span>
        ) : piece.kind === "out" ? (
          <del key={number}><span className="unseen">{t("diff.out")}</span>{piece.text}</del>
        ) : (
          <ins key={number}><span className="unseen">{t("diff.in")}</span>{piece.text}</ins>
        ),
      )}
    </>
  );
}
